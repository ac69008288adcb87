#include "engine/app/bench/traffic.h"

#include "connectors/generator/generator.h"

namespace plumbline::app {

Result<TrafficWritten> WriteTraffic(const Traffic& traffic, sink::EventSink& sink, Progress& progress) {
  generator::GeneratorOptions o;
  o.seed = traffic.seed;
  o.patients = traffic.patients;
  o.duration_ms = (static_cast<std::int64_t>(traffic.events / traffic.patients) + 2) * o.device_interval_ms;
  o.corrections_in_a_million = o.withdrawals_in_a_million = o.duplicates_in_a_million = 0;
  o.sepsis_per_thousand_patient_hours = 2;
  o.nodules_per_thousand_patient_hours = 2;
  generator::Generator generator(o);
  TrafficWritten written;
  sink::OutRecord record;
  while (written.records < traffic.events && generator.Next(record)) {
    PLUMBLINE_TRY(sink.Write(record));
    ++written.records;
    written.bytes += record.key.size() + record.value.size();
    progress.Show(written.records, traffic.events, written.records);
  }
  PLUMBLINE_TRY(sink.Finish());
  progress.Done(written.records);
  return written;
}

}  // namespace plumbline::app
