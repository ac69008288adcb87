#include "connectors/generator/hospital.h"

namespace plumbline::generator {
namespace {

constexpr std::uint32_t kIntensivists = 4;
constexpr std::uint32_t kReaders = 3;
constexpr std::uint32_t kMetersPerSite = 2;

Site MakeSite(const std::string& name, std::int16_t offset_minutes) {
  Site site;
  site.name = name;
  site.offset_minutes = offset_minutes;
  for (std::uint32_t i = 1; i <= kIntensivists; ++i)
    site.intensivists.push_back({name + "-dr-" + std::to_string(i), "intensivist"});
  for (std::uint32_t i = 1; i <= kReaders; ++i) site.readers.push_back({name + "-reader-" + std::to_string(i), "radiologist"});
  for (std::uint32_t i = 1; i <= kMetersPerSite; ++i) site.meters.push_back(name + "-meter-" + std::to_string(i));
  return site;
}

}  // namespace

Hospital MakeHospital(std::uint32_t beds) {
  Hospital hospital;
  // Zones without summer time, so that an offset is the zone's whatever the date: Asia/Shanghai, Africa/Johannesburg,
  // America/Bogota.
  hospital.sites = {MakeSite("north", 480), MakeSite("south", 120), MakeSite("west", -300)};
  for (const Site& site : hospital.sites) {
    hospital.feeds.push_back({site.name, std::string(kMonitors), model::EventKind::kDevice});
    hospital.feeds.push_back({site.name, std::string(kMeters), model::EventKind::kDevice});
    hospital.feeds.push_back({site.name, std::string(kOrders), model::EventKind::kConsultation});
    hospital.feeds.push_back({site.name, std::string(kDiagnoses), model::EventKind::kDiagnosis});
  }
  const auto sites = static_cast<std::uint32_t>(hospital.sites.size());
  hospital.beds.resize(beds);
  for (std::uint32_t i = 0; i < beds; ++i) {
    Bed& bed = hospital.beds[i];
    bed.site = i % sites;
    bed.number = i / sites + 1;
    bed.intensivist = bed.number % kIntensivists;
    bed.monitor = hospital.sites[bed.site].name + "-monitor-" + std::to_string(bed.number);
  }
  return hospital;
}

}  // namespace plumbline::generator
