#include <cstdio>

#include "connectors/import/importer.h"
#include "engine/model/encode.h"
#include "engine/model/iso_time.h"

namespace plumbline::importer {
namespace {

std::string Padded(std::string text, std::size_t width, bool left) {
  if (text.size() < width) text.insert(left ? text.size() : 0, width - text.size(), ' ');
  return text;
}

}  // namespace

std::string ImportReport::Text() const {
  std::string out = Padded("stream", 24, true);
  for (const char* head : {"rows", "not wanted", "events", "rejected"}) out += Padded(head, 12, false);
  out += "\n";
  for (const StreamCounts& s : streams) {
    out += Padded(s.name, 24, true);
    for (const std::uint64_t n : {s.rows, s.not_wanted, s.events, s.rejected_rows + s.rejected_events})
      out += Padded(std::to_string(n), 12, false);
    out += "\n";
  }
  out += "records written " + std::to_string(records) + ": device " + std::to_string(by_kind[0]) + ", consultation " +
         std::to_string(by_kind[1]) + ", diagnosis " + std::to_string(by_kind[2]) + "\n";
  if (records > 0)
    out += "arrivals from " + model::FormatTime(first_arrival_ms) + " to " + model::FormatTime(last_arrival_ms) + "\n";
  if (rejected == 0) return out;
  out += "rejected " + std::to_string(rejected) + ":\n";
  for (const auto& [field, count] : rejects_by_field) out += "  " + std::to_string(count) + "  " + field + "\n";
  for (const RejectExample& example : examples) out += "  " + example.Text() + "\n";
  return out;
}

std::string ImportReport::Json() const {
  std::string out = "{\"streams\": [";
  for (std::size_t i = 0; i < streams.size(); ++i) {
    const StreamCounts& s = streams[i];
    out += i > 0 ? ", {\"name\": " : "{\"name\": ";
    model::AppendJsonText(out, s.name);
    out += ", \"rows\": " + std::to_string(s.rows) + ", \"not_wanted\": " + std::to_string(s.not_wanted) +
           ", \"events\": " + std::to_string(s.events) + ", \"rejected_rows\": " + std::to_string(s.rejected_rows) +
           ", \"rejected_events\": " + std::to_string(s.rejected_events) + "}";
  }
  out += "], \"records\": " + std::to_string(records) + ", \"device\": " + std::to_string(by_kind[0]) +
         ", \"consultation\": " + std::to_string(by_kind[1]) + ", \"diagnosis\": " + std::to_string(by_kind[2]) +
         ", \"rejected\": " + std::to_string(rejected) + ", \"rejects\": [";
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const RejectExample& e = examples[i];
    out += i > 0 ? ", {\"file\": " : "{\"file\": ";
    model::AppendJsonText(out, e.file);
    out += ", \"row\": " + std::to_string(e.row) + ", \"field\": ";
    model::AppendJsonText(out, e.reject.field);
    out += ", \"columns\": ";
    model::AppendJsonText(out, e.reject.columns);
    out += ", \"message\": ";
    model::AppendJsonText(out, e.reject.message);
    out += "}";
  }
  return out + "]}";
}

}  // namespace plumbline::importer
