#include "connectors/generator/generator.h"

#include <algorithm>
#include <array>
#include <optional>
#include <queue>

#include "connectors/generator/arrivals.h"
#include "connectors/generator/hospital.h"
#include "connectors/generator/random.h"
#include "engine/model/encode.h"

namespace plumbline::generator {
namespace {

using model::Event;
using model::EventKind;
using model::TimeMs;

constexpr TimeMs kSecond = 1000;
constexpr TimeMs kMinute = 60 * kSecond;
constexpr TimeMs kHour = 60 * kMinute;
constexpr std::int64_t kDriftPerHour = 6;  // mg/dL
constexpr TimeMs kQcInterval = 15 * kMinute;
constexpr std::uint32_t kGlucoseEvery = 30;  // of a bed's device values one is a glucose

constexpr std::string_view kLoinc = "http://loinc.org";
constexpr std::string_view kIcd10 = "http://hl7.org/fhir/sid/icd-10-cm";
constexpr std::string_view kAtc = "http://www.whocc.no/atc";
constexpr std::string_view kSnomed = "http://snomed.info/sct";

// Things that happen at a time of their own, besides the device values.
enum class Happening : std::uint8_t { kShock, kNodule, kReferral, kDischarge, kQc, kHeartbeats };

struct Due {
  TimeMs time;
  std::uint64_t entered;
  Happening what;
  std::uint32_t index;  // of a bed; of a meter (site * 16 + number) for kQc
  std::uint32_t stay;   // of the bed's patient: what was due for one who has left does not happen
  bool operator<(const Due& other) const { return time != other.time ? time > other.time : entered > other.entered; }
};

Decimal Hundredths(std::int64_t value) { return Decimal::FromUnits(static_cast<Int128>(value) * (Decimal::kUnit / 100)); }

}  // namespace

class Generator::Simulation {
 public:
  explicit Simulation(const GeneratorOptions& options);
  bool Next(sink::OutRecord& record);
  const Planted& planted() const { return planted_; }

 private:
  void Step();
  void Schedule(TimeMs time, Happening what, std::uint32_t index);
  void ScheduleByRate(Happening what, std::uint32_t index, std::uint32_t per_thousand_hours);
  void Happen(const Due& due);

  void Admit(std::uint32_t bed_index, TimeMs time);
  void Discharge(std::uint32_t bed_index);
  void DeviceValue(Bed& bed);
  void Glucose(Bed& bed);
  void QcSample(std::uint32_t index);
  void Shock(Bed& bed);
  void Bundle(const Bed& bed, bool misses);
  void Nodule(Bed& bed);
  void Referral(Bed& bed);
  void Heartbeats();

  [[nodiscard]] Event Start(EventKind kind, const Bed& bed, std::string_view source, TimeMs time);
  [[nodiscard]] std::int64_t Drift(std::string_view device, TimeMs time) const;
  [[nodiscard]] std::int64_t GlucoseReading(std::int64_t true_hundredths, std::string_view device, TimeMs time);
  // Charting: the ordinary delay, or late; then perhaps a duplicate, a correction or a withdrawal.
  void Chart(Event& event, TimeMs delay_least, TimeMs delay_most);
  void Correct(Event event, TimeMs arrival);
  TimeMs Send(const Event& event, TimeMs arrival);
  void Count(const Event& event);
  [[nodiscard]] bool Silent(std::string_view site, std::string_view source, TimeMs time) const;

  GeneratorOptions options_;
  Random random_;
  Hospital hospital_;
  Planted planted_;
  Arrivals arrivals_;
  model::Encoder encoder_;
  std::priority_queue<Due> agenda_;
  std::uint64_t scheduled_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint64_t rounds_ = 0;    // of device values over all beds
  std::uint32_t next_bed_ = 0;  // whose device value is next
  TimeMs now_ = 0;
  TimeMs end_ = 0;
  std::string id_;  // of the event under construction
};

Generator::Simulation::Simulation(const GeneratorOptions& options)
    : options_(options), random_(options.seed), hospital_(MakeHospital(std::max(1U, options.patients))) {
  now_ = options_.start_ms;
  end_ = options_.start_ms + options_.duration_ms;
  planted_.seed = options_.seed;
  planted_.start = now_;
  planted_.end = end_;
  planted_.late_clinician = kLateClinician;
  planted_.drifting_device = kDriftingMeter;
  planted_.drift_from = now_ + options_.duration_ms / 4;
  planted_.drift_mg_dl_per_hour = kDriftPerHour;
  planted_.silent_site = kSilentSite;
  planted_.silent_source = kSilentSource;
  // Silent for an eighth of the time, from the middle on, three hours at most.
  planted_.silent_from = now_ + options_.duration_ms / 2;
  planted_.silent_to = planted_.silent_from + std::min(options_.duration_ms / 8, 3 * kHour);
  for (std::uint32_t i = 0; i < hospital_.beds.size(); ++i) Admit(i, now_);
  for (std::uint32_t site = 0; site < hospital_.sites.size(); ++site) {
    for (std::uint32_t meter = 0; meter < hospital_.sites[site].meters.size(); ++meter) {
      Schedule(now_ + random_.Between(1, kQcInterval), Happening::kQc, site * 16 + meter);
    }
  }
  if (options_.heartbeat_ms > 0) Schedule(now_ + options_.heartbeat_ms, Happening::kHeartbeats, 0);
}

bool Generator::Simulation::Next(sink::OutRecord& record) {
  while (now_ < end_ && (arrivals_.empty() || arrivals_.NextArrival() > now_)) Step();
  if (arrivals_.empty()) return false;
  arrivals_.Take(record);
  ++planted_.counts.records;
  return true;
}

// One thing happens: the next device value in the round of beds, or what is due before it.
void Generator::Simulation::Step() {
  const auto beds = static_cast<std::uint64_t>(hospital_.beds.size());
  const TimeMs value_time = options_.start_ms + static_cast<TimeMs>(rounds_) * options_.device_interval_ms +
                            static_cast<TimeMs>(static_cast<std::uint64_t>(options_.device_interval_ms) * next_bed_ / beds);
  if (!agenda_.empty() && agenda_.top().time <= value_time) {
    const Due due = agenda_.top();
    agenda_.pop();
    now_ = std::max(now_, due.time);
    if (now_ < end_) Happen(due);
    return;
  }
  now_ = std::max(now_, value_time);
  if (now_ >= end_) return;
  DeviceValue(hospital_.beds[next_bed_]);
  if (++next_bed_ == beds) {
    next_bed_ = 0;
    ++rounds_;
  }
}

void Generator::Simulation::Schedule(TimeMs time, Happening what, std::uint32_t index) {
  const bool of_bed = what != Happening::kQc && what != Happening::kHeartbeats;
  if (time < end_) agenda_.push({time, scheduled_++, what, index, of_bed ? hospital_.beds[index].stay : 0});
}

// Waiting times between nothing and twice the mean: no logarithm, and no two runs of luck.
void Generator::Simulation::ScheduleByRate(Happening what, std::uint32_t index, std::uint32_t per_thousand_hours) {
  if (per_thousand_hours == 0) return;
  const TimeMs mean = 1000 * kHour / per_thousand_hours;
  Schedule(now_ + random_.Between(1, 2 * mean), what, index);
}

void Generator::Simulation::Happen(const Due& due) {
  if (due.stay != 0 && due.stay != hospital_.beds[due.index].stay) return;
  switch (due.what) {
    case Happening::kShock:
      return Shock(hospital_.beds[due.index]);  // once a stay: a second would be answered by the look-back to the first's drug
    case Happening::kNodule:
      Nodule(hospital_.beds[due.index]);
      return ScheduleByRate(Happening::kNodule, due.index, options_.nodules_per_thousand_patient_hours);
    case Happening::kReferral:
      Referral(hospital_.beds[due.index]);
      return ScheduleByRate(Happening::kReferral, due.index, 50);
    case Happening::kDischarge:
      return Discharge(due.index);
    case Happening::kQc:
      return QcSample(due.index);
    case Happening::kHeartbeats:
      return Heartbeats();
  }
}

Event Generator::Simulation::Start(EventKind kind, const Bed& bed, std::string_view source, TimeMs time) {
  const Site& site = hospital_.sites[bed.site];
  Event e;
  e.kind = kind;
  e.source_sequence = ++sequence_;
  id_ = site.name;
  id_ += '-';
  id_ += source.substr(0, 1);
  id_ += std::to_string(sequence_);
  e.id = id_;
  e.time = time;
  e.offset_minutes = site.offset_minutes;
  e.patient = bed.patient;
  e.encounter = bed.encounter;
  e.site = site.name;
  e.source = source;
  return e;
}

void Generator::Simulation::Admit(std::uint32_t bed_index, TimeMs time) {
  Bed& bed = hospital_.beds[bed_index];
  const Site& site = hospital_.sites[bed.site];
  ++bed.stay;
  const std::string stay = std::to_string(bed.number) + "-" + std::to_string(bed.stay);
  bed.patient = site.name + "-p" + stay;
  bed.encounter = site.name + "-e" + stay;
  bed.admitted = time;
  bed.septic = false;
  bed.heart_rate = 8000 + random_.Bell(1200);
  bed.spo2 = 9650 + random_.Bell(120);
  bed.pressure = 8200 + random_.Bell(900);
  bed.breaths = 1600 + random_.Bell(250);
  bed.temperature = 3690 + random_.Bell(40);
  bed.glucose = 12500 + random_.Bell(2500);
  Event e = Start(EventKind::kConsultation, bed, kOrders, time);
  e.code = {kSnomed, "32485007", "Hospital admission"};
  e.action = model::Action::kStarted;
  e.modality = model::Modality::kInPerson;
  const Clinician& clinician = site.intensivists[bed.intensivist];
  e.clinician = clinician.id;
  e.clinician_role = clinician.role;
  Chart(e, kSecond, kMinute);
  ScheduleByRate(Happening::kShock, bed_index, options_.sepsis_per_thousand_patient_hours);
  ScheduleByRate(Happening::kNodule, bed_index, options_.nodules_per_thousand_patient_hours);
  ScheduleByRate(Happening::kReferral, bed_index, 50);
  Schedule(time + random_.Between(kHour, 2 * static_cast<TimeMs>(options_.stay_hours) * kHour), Happening::kDischarge, bed_index);
}

void Generator::Simulation::Discharge(std::uint32_t bed_index) {
  Bed& bed = hospital_.beds[bed_index];
  Event e = Start(EventKind::kConsultation, bed, kOrders, now_);
  e.code = {kSnomed, "58000006", "Patient discharge"};
  e.action = model::Action::kEnded;
  e.duration_ms = now_ - bed.admitted;
  Chart(e, kSecond, kMinute);
  Admit(bed_index, now_);
}

void Generator::Simulation::DeviceValue(Bed& bed) {
  if (random_.Below(kGlucoseEvery) == 0) return Glucose(bed);
  struct Kind {
    std::string_view code, unit;
    std::int64_t Bed::*level;
    std::int64_t sd, low, high;
  };
  static constexpr std::array<Kind, 5> kKinds = {{{"8867-4", "/min", &Bed::heart_rate, 400, 2000, 25000},
                                                  {"59408-5", "%", &Bed::spo2, 100, 5000, 10000},
                                                  {"8478-0", "mm[Hg]", &Bed::pressure, 500, 2000, 20000},
                                                  {"9279-1", "/min", &Bed::breaths, 150, 400, 6000},
                                                  {"8310-5", "Cel", &Bed::temperature, 15, 3000, 4300}}};
  const Kind& kind = kKinds[rounds_ % kKinds.size()];
  std::int64_t value = bed.*kind.level + random_.Bell(kind.sd);
  if (bed.septic && kind.level == &Bed::pressure) value -= 2200;
  if (bed.septic && kind.level == &Bed::heart_rate) value += 3000;
  // Monitors show whole numbers, thermometers tenths.
  const std::int64_t grain = kind.level == &Bed::temperature ? 10 : 100;
  value = std::clamp(value, kind.low, kind.high) / grain * grain;
  Event e = Start(EventKind::kDevice, bed, kMonitors, now_);
  e.code = {kLoinc, kind.code, {}};
  e.has_quantity = true;
  e.quantity = {Hundredths(value), kind.unit};
  e.device = bed.monitor;
  e.device_model = "monitor-mk3";
  Chart(e, 200, 2 * kSecond);
}

std::int64_t Generator::Simulation::Drift(std::string_view device, TimeMs time) const {
  if (device != kDriftingMeter || time <= planted_.drift_from) return 0;
  return (time - planted_.drift_from) * kDriftPerHour * 100 / kHour;
}

std::int64_t Generator::Simulation::GlucoseReading(std::int64_t true_hundredths, std::string_view device, TimeMs time) {
  return std::max<std::int64_t>(1000, true_hundredths + random_.Bell(300) + Drift(device, time)) / 100 * 100;
}

void Generator::Simulation::Glucose(Bed& bed) {
  const Site& site = hospital_.sites[bed.site];
  const std::string& meter = site.meters[random_.Below(site.meters.size())];
  Event e = Start(EventKind::kDevice, bed, kMeters, now_);
  e.code = {kLoinc, "2339-0", "Glucose"};
  e.has_quantity = true;
  e.quantity = {Hundredths(GlucoseReading(bed.glucose + random_.Bell(1500), meter, now_)), "mg/dL"};
  e.device = meter;
  e.device_model = "glucose-g1";
  Chart(e, kSecond, 20 * kSecond);
}

// Control material of two levels, in turn: 90 and 250 mg/dL.
void Generator::Simulation::QcSample(std::uint32_t index) {
  const Site& site = hospital_.sites[index / 16];
  const std::string& meter = site.meters[index % 16];
  const auto run = static_cast<std::uint64_t>((now_ - options_.start_ms) / kQcInterval);
  const bool high = run % 2 == 1;
  Bed nobody;
  nobody.site = index / 16;
  Event e = Start(EventKind::kDevice, nobody, kMeters, now_);
  e.code = {kLoinc, "2339-0", "Glucose"};
  e.has_quantity = true;
  e.quantity = {Hundredths(GlucoseReading(high ? 25000 : 9000, meter, now_)), "mg/dL"};
  e.device = meter;
  e.device_model = "glucose-g1";
  e.qc_material = "control-a";
  e.qc_level = high ? "2" : "1";
  const std::string run_text = std::to_string(run);
  e.qc_run = run_text;
  ++planted_.counts.qc_samples;
  Chart(e, kSecond, 20 * kSecond);
  Schedule(now_ + kQcInterval, Happening::kQc, index);
}

void Generator::Simulation::Shock(Bed& bed) {
  const Site& site = hospital_.sites[bed.site];
  const Clinician& clinician = site.intensivists[bed.intensivist];
  bed.septic = true;
  Event diagnosis = Start(EventKind::kDiagnosis, bed, kDiagnoses, now_);
  diagnosis.code = {kIcd10, "R65.21", "Severe sepsis with septic shock"};
  diagnosis.certainty = model::Certainty::kProbable;
  diagnosis.decided_by = model::DecidedBy::kClinician;
  diagnosis.clinician = clinician.id;
  diagnosis.clinician_role = clinician.role;
  SepsisCase planted{site.name, bed.patient, id_, clinician.id, now_, model::kNoTime};
  Chart(diagnosis, 2 * kSecond, 40 * kSecond);

  // The one who misses deadlines does so in six cases of ten, the others in one of twenty.
  const bool misses = random_.Chance(clinician.id == kLateClinician ? 600'000 : 50'000);
  const TimeMs delay = misses ? random_.Between(kHour + kMinute, 3 * kHour) : random_.Between(8 * kMinute, 55 * kMinute);
  const auto consult = [&](TimeMs time, model::Action action) {
    Event e = Start(EventKind::kConsultation, bed, kOrders, time);
    e.code = {kAtc, "J01DH02", "meropenem"};
    e.action = action;
    e.modality = model::Modality::kInPerson;
    e.clinician = clinician.id;
    e.clinician_role = clinician.role;
    e.has_quantity = true;
    e.quantity = {Decimal::FromInteger(1), "g"};
    if (action == model::Action::kAdministered) e.waiting_ms = delay;
    Chart(e, 2 * kSecond, 50 * kSecond);
  };
  if (now_ + delay / 2 < end_) consult(now_ + delay / 2, model::Action::kOrdered);
  if (now_ + delay < end_) {
    planted.given = now_ + delay;
    consult(now_ + delay, model::Action::kAdministered);
  }
  planted_.sepsis.push_back(std::move(planted));
  Bundle(bed, misses);
}

// The rest of the first hour: lactate, cultures, fluid; begun in time in nine cases of ten, in four where the hour is missed.
void Generator::Simulation::Bundle(const Bed& bed, bool misses) {
  const Site& site = hospital_.sites[bed.site];
  const Clinician& clinician = site.intensivists[bed.intensivist];
  const TimeMs begun = now_;
  const auto time_of = [&] {
    const bool late = random_.Chance(misses ? 600'000 : 100'000);
    return begun + (late ? random_.Between(kHour + kMinute, 2 * kHour) : random_.Between(5 * kMinute, 50 * kMinute));
  };
  const auto consult = [&](TimeMs time, model::CodeView code, model::Action action) {
    if (time >= end_) return;
    Event e = Start(EventKind::kConsultation, bed, kOrders, time);
    e.code = code;
    e.action = action;
    e.modality = model::Modality::kInPerson;
    e.clinician = clinician.id;
    e.clinician_role = clinician.role;
    Chart(e, 2 * kSecond, 50 * kSecond);
  };
  if (const TimeMs time = time_of(); time < end_) {
    Event lactate = Start(EventKind::kDevice, bed, kMeters, time);
    lactate.code = {kLoinc, "2524-7", "Lactate"};
    lactate.has_quantity = true;
    lactate.quantity = {Hundredths(250 + random_.Below(400) / 10 * 10), "mmol/L"};
    const std::string analyser = site.name + "-gas-1";
    lactate.device = analyser;
    lactate.device_model = "gas-b2";
    Chart(lactate, kSecond, 20 * kSecond);
  }
  consult(time_of(), {kLoinc, "600-7", "Blood culture"}, model::Action::kPerformed);
  consult(time_of(), {kAtc, "B05BB01", "electrolytes"}, model::Action::kStarted);
}

// A nodule on CT, read and, half of the time, over-read by another reader.
void Generator::Simulation::Nodule(Bed& bed) {
  const Site& site = hospital_.sites[bed.site];
  const std::int64_t diameter = random_.Between(30, 220);  // tenths of mm
  const std::int64_t truth = std::clamp<std::int64_t>(1 + diameter / 50 + random_.Bell(1), 1, 5);
  std::string first;
  const std::size_t reader = random_.Below(site.readers.size());
  const int readings = random_.Chance(500'000) ? 2 : 1;
  TimeMs time = now_;
  for (int reading = 0; reading < readings && time < end_; ++reading) {
    const Clinician& clinician = site.readers[(reader + static_cast<std::size_t>(reading)) % site.readers.size()];
    const std::int64_t malignancy = std::clamp<std::int64_t>(truth + random_.Between(-1, 1), 1, 5);
    const model::GradeView grades[] = {
        {{"urn:plumbline:grade", "diameter", {}}, true, {Hundredths(diameter * 10), "mm"}, {}},
        {{"urn:plumbline:grade", "malignancy", {}}, true, {Decimal::FromInteger(malignancy), "1"}, {}}};
    Event e = Start(EventKind::kDiagnosis, bed, kDiagnoses, time);
    e.code = {kIcd10, "R91.1", "Solitary pulmonary nodule"};
    e.certainty = model::Certainty::kSuspected;
    e.decided_by = model::DecidedBy::kClinician;
    e.clinician = clinician.id;
    e.clinician_role = clinician.role;
    e.grades = grades;
    if (malignancy >= 4) {
      e.follow_up = {kSnomed, "77477000", "CT"};
      e.follow_up_within_ms = 90 * 24 * kHour;
    }
    e.answers_to = first;
    Chart(e, 5 * kSecond, kMinute);
    first = id_;
    time += random_.Between(10 * kMinute, 2 * kHour);
  }
}

void Generator::Simulation::Referral(Bed& bed) {
  const Site& site = hospital_.sites[bed.site];
  const Clinician& clinician = site.intensivists[bed.intensivist];
  Event e = Start(EventKind::kConsultation, bed, kOrders, now_);
  e.code = {kSnomed, "11429006", "Consultation"};
  e.action = random_.Chance(500'000) ? model::Action::kReferredUp : model::Action::kAdvised;
  e.modality = random_.Chance(300'000) ? model::Modality::kArAssisted : model::Modality::kRemote;
  e.waiting_ms = random_.Between(5 * kMinute, 4 * kHour);
  e.duration_ms = random_.Between(5 * kMinute, kHour);
  e.clinician = clinician.id;
  e.clinician_role = clinician.role;
  Chart(e, 5 * kSecond, 2 * kMinute);
}

void Generator::Simulation::Heartbeats() {
  for (const Feed& feed : hospital_.feeds) {
    if (Silent(feed.site, feed.source, now_)) continue;
    Event e;
    e.kind = EventKind::kHeartbeat;
    e.site = feed.site;
    e.source = feed.source;
    e.time = now_ - kMinute;  // what happened a minute ago has been sent, but for what is charted late
    sink::OutRecord record;
    record.stream = feed.stream;
    record.to_all_partitions = true;
    record.arrival_ms = now_;
    record.json = options_.json;
    record.value = options_.json ? encoder_.Json(e) : encoder_.FlatBuffers(e);
    arrivals_.Put(record);
    ++planted_.counts.heartbeats;
  }
  Schedule(now_ + options_.heartbeat_ms, Happening::kHeartbeats, 0);
}

void Generator::Simulation::Count(const Event& event) {
  if (event.kind == EventKind::kDevice) ++planted_.counts.device;
  if (event.kind == EventKind::kConsultation) ++planted_.counts.consultation;
  if (event.kind == EventKind::kDiagnosis) ++planted_.counts.diagnosis;
}

void Generator::Simulation::Chart(Event& event, TimeMs delay_least, TimeMs delay_most) {
  Count(event);
  TimeMs arrival = event.time + random_.Between(delay_least, delay_most);
  if (random_.Chance(options_.late_in_a_million)) {
    arrival = event.time + random_.Between(std::min(kMinute, options_.late_most_ms), options_.late_most_ms);
    ++planted_.counts.late;
  }
  arrival = Send(event, arrival);
  if (random_.Chance(options_.duplicates_in_a_million)) {
    ++planted_.counts.duplicates;
    (void)Send(event, arrival + random_.Between(1, kMinute));
  }
  // Septic shocks and their antimicrobials stay as they are, so that what is planted is what must be found.
  const bool planted = event.code.system == kAtc || event.code.code == "R65.21";
  if (!planted) Correct(event, arrival);
}

void Generator::Simulation::Correct(Event event, TimeMs arrival) {
  const bool amended = event.has_quantity && random_.Chance(options_.corrections_in_a_million);
  const bool withdrawn = !amended && random_.Chance(options_.withdrawals_in_a_million);
  if (!amended && !withdrawn) return;
  event.version = 2;
  event.source_sequence = ++sequence_;
  if (amended) {
    ++planted_.counts.corrections;
    event.status = model::EventStatus::kAmended;
    const std::int64_t step = random_.Chance(500'000) ? 1 : -1;
    event.quantity.value = Decimal::FromUnits(event.quantity.value.units() + step * Decimal::kUnit);
  } else {
    ++planted_.counts.withdrawals;
    event.status = model::EventStatus::kEnteredInError;
  }
  (void)Send(event, arrival + random_.Between(2 * kMinute, 12 * kMinute));
}

bool Generator::Simulation::Silent(std::string_view site, std::string_view source, TimeMs time) const {
  return site == kSilentSite && source == kSilentSource && time >= planted_.silent_from && time < planted_.silent_to;
}

// What a silent feed would have sent comes when it is back. Returns the arrival.
TimeMs Generator::Simulation::Send(const Event& event, TimeMs arrival) {
  if (Silent(event.site, event.source, arrival)) arrival = planted_.silent_to;
  sink::OutRecord record;
  record.stream = event.kind;
  record.arrival_ms = std::max(arrival, now_);
  record.key = event.patient.empty() ? event.device : event.patient;
  record.json = options_.json;
  record.value = options_.json ? encoder_.Json(event) : encoder_.FlatBuffers(event);
  arrivals_.Put(record);
  return record.arrival_ms;
}

Generator::Generator(const GeneratorOptions& options) : simulation_(std::make_unique<Simulation>(options)) {}
Generator::~Generator() = default;
bool Generator::Next(sink::OutRecord& record) { return simulation_->Next(record); }
const Planted& Generator::planted() const { return simulation_->planted(); }

}  // namespace plumbline::generator
