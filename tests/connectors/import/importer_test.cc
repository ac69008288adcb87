#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "connectors/import/importer.h"
#include "connectors/import/lookup.h"
#include "tests/connectors/import/memory_sink.h"
#include "tests/support/process.h"

namespace plumbline::importer {
namespace {

const ImportProgress kSilent = [](std::string_view, std::uint64_t, std::uint64_t, std::uint64_t) {};

void WriteFile(const std::filesystem::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

void WriteGzip(const std::filesystem::path& path, const std::string& text) {
  gzFile file = gzopen(path.c_str(), "wb");
  REQUIRE(file != nullptr);
  REQUIRE(gzwrite(file, text.data(), static_cast<unsigned>(text.size())) == static_cast<int>(text.size()));
  REQUIRE(gzclose(file) == Z_OK);
}

constexpr const char* kMapping = R"(
mapping: ward
base: "@2020-03-01T00:00:00.000+02:00"
tables:
  stay: {file: stays.csv, key: stay}
defaults:
  patient: row.stay
  site: "'ward-' + stay.ward"
streams:
  - file: values.csv
    name: values
    join: {stay: row.stay}
    nothing: ["-", NA]
    where: row.label != 'ignored'
    define:
      number: ToDecimal(row.value)
    events:
      - kind: device
        where: number is not null
        id: "'v' + row.id"
        source: {text: values}
        sequence: row.id
        time: {minutes: row.at}
        arrival: {minutes: row.entered}
        code: {system: {text: "urn:ward"}, code: row.label}
        value: number
        unit: "if row.label = 'hr' then '/min' else '1'"
      - kind: diagnosis
        where: number > 100
        id: "'d' + row.id"
        source: {text: values}
        time: {hours: ToDecimal(row.at) / 60}
        code: {system: {text: "urn:ward"}, code: {text: tachycardia}}
        certainty: {text: probable}
        grades:
          - {name: {text: rate}, value: number, unit: {text: "/min"}}
          - {name: {text: nothing}, category: row.missing}
  - file: visits.csv
    name: visits
    join: {stay: row.stay}
    events:
      - kind: consultation
        id: row.id
        source: {text: visits}
        time: ToDateTime(row.began)
        duration: {minutes: row.minutes}
        code: {code: {text: visit}}
        action: row.action
)";

struct Ward {
  test::TempFolder folder{"import"};
  Ward() {
    WriteFile(folder / "stays.csv", "stay,ward\n1,a\n2,b\n");
    WriteGzip(folder / "values.csv.gz",
              "id,stay,at,entered,label,value,missing\n"
              "1,1,0,5,hr,80,\n"
              "2,1,10,2,hr,120.5,\n"
              "3,2,3,2,hr,-,\n"
              "4,2,x,9,hr,70,\n"
              "5,2,1,5,ignored,70,\n"
              "6,9,1,1,hr,60,\n"
              "7,2,4,5,temp,NA,\n");
    WriteFile(folder / "visits.csv",
              "id,stay,began,minutes,action\n"
              "w1,1,2020-02-29T22:00:30.000Z,15,performed\n"
              "w2,2,2020-02-29T22:04:00.000Z,-3,performed\n"
              "w3,2,2020-02-29T22:04:00.000Z,3,danced\n");
  }
  [[nodiscard]] ImportOptions Options() const {
    ImportOptions options;
    options.data_folder = folder.path().string();
    options.temporary_folder = (folder / "sort").string();
    return options;
  }
};

ImportReport RunImport(const ImportOptions& options, MemorySink& sink) {
  const auto mapping = ParseMapping("ward.yaml", kMapping);
  INFO((mapping ? "" : mapping.error().message));
  REQUIRE(mapping.has_value());
  const auto report = Import(*mapping, options, sink, kSilent);
  INFO((report ? "" : report.error().message));
  REQUIRE(report.has_value());
  return *report;
}

TEST_CASE("rows become events by the mapping, in the order of arrival; what cannot is counted with row and column") {
  const Ward ward;
  MemorySink sink;
  const ImportReport report = RunImport(ward.Options(), sink);
  INFO(report.Text());
  REQUIRE(sink.finished);
  model::Decoder decoder;
  std::vector<std::string> ids;
  std::map<std::string, std::size_t> at;
  for (const KeptRecord& record : sink.records) {
    model::Event e;
    REQUIRE(decoder.Decode(AsBytes(record.value), model::Encoding::kUnknown, e) == model::RejectReason::kNone);
    REQUIRE(record.key == e.patient);
    at[std::string(e.id)] = ids.size();
    ids.push_back(std::string(e.id));
  }
  // Arrivals in minutes: w1 0.5, v6 1, v2 2, v1 5, d2 10.
  REQUIRE(ids == std::vector<std::string>{"w1", "v6", "v2", "v1", "d2"});

  model::Event e;
  REQUIRE(decoder.Decode(AsBytes(sink.records[at["v2"]].value), model::Encoding::kUnknown, e) == model::RejectReason::kNone);
  REQUIRE(e.time == 1'583'013'600'000 + 600'000);
  REQUIRE(e.offset_minutes == 120);
  REQUIRE(sink.records[at["v2"]].arrival_ms == e.time - 480'000);
  REQUIRE(e.site == "ward-a");
  REQUIRE(e.source_sequence == 2);
  REQUIRE(e.quantity.value == Decimal::Parse("120.5"));
  REQUIRE(e.quantity.unit == "/min");
  REQUIRE(decoder.Decode(AsBytes(sink.records[at["d2"]].value), model::Encoding::kUnknown, e) == model::RejectReason::kNone);
  REQUIRE(e.grades.size() == 1);
  REQUIRE(e.grades[0].quantity.value == Decimal::Parse("120.5"));
  REQUIRE(sink.records[at["d2"]].arrival_ms == e.time);
  REQUIRE(decoder.Decode(AsBytes(sink.records[at["w1"]].value), model::Encoding::kUnknown, e) == model::RejectReason::kNone);
  REQUIRE(e.duration_ms == 900'000);
  REQUIRE(e.action == model::Action::kPerformed);
  REQUIRE(decoder.Decode(AsBytes(sink.records[at["v6"]].value), model::Encoding::kUnknown, e) == model::RejectReason::kNone);
  REQUIRE(e.site.empty());  // no such stay

  REQUIRE(report.records == 5);
  REQUIRE(report.by_kind[0] == 3);
  REQUIRE(report.by_kind[1] == 1);
  REQUIRE(report.by_kind[2] == 1);
  REQUIRE(report.streams[0].rows == 7);
  REQUIRE(report.streams[0].not_wanted == 1);
  REQUIRE(report.streams[0].events == 4);
  REQUIRE(report.streams[0].rejected_events == 1);
  REQUIRE(report.streams[1].rejected_events == 2);
  REQUIRE(report.rejected == 3);
  REQUIRE(report.examples[0].Text().ends_with("values.csv.gz: row 5: event 0 time: \"x\" is no number (from at)"));
  REQUIRE(report.examples[1].Text().find("row 3: event 0 duration: \"-3\" is no number from 0 on (from minutes)") !=
          std::string::npos);
  REQUIRE(report.examples[2].Text().find("\"danced\" is not a name of the event model (from action)") != std::string::npos);
  REQUIRE(report.Json().find("\"rejected\": 3") != std::string::npos);
}

TEST_CASE("the same records come whether the sort fits in memory or not") {
  const Ward ward;
  MemorySink one, two;
  ImportOptions options = ward.Options();
  RunImport(options, one);
  options.memory_bytes = 300;
  REQUIRE(RunImport(options, two).sort_runs > 1);
  REQUIRE(one.records.size() == two.records.size());
  for (std::size_t i = 0; i < one.records.size(); ++i) REQUIRE(one.records[i].value == two.records[i].value);
}

TEST_CASE("chosen streams alone are read, and a name that is none is refused") {
  const Ward ward;
  ImportOptions options = ward.Options();
  options.only = {"visits"};
  MemorySink sink;
  REQUIRE(RunImport(options, sink).records == 1);
  options.only = {"visit"};
  const auto mapping = ParseMapping("ward.yaml", kMapping);
  const auto report = Import(*mapping, options, sink, kSilent);
  REQUIRE_FALSE(report.has_value());
  REQUIRE(report.error().message.find("did you mean \"visits\"?") != std::string::npos);
}

TEST_CASE("nothing is written when a file is missing or an expression does not fit its columns") {
  const Ward ward;
  MemorySink sink;
  const auto mapping = ParseMapping("ward.yaml", kMapping);
  REQUIRE(mapping.has_value());
  std::filesystem::remove(ward.folder / "visits.csv");
  const auto missing = Import(*mapping, ward.Options(), sink, kSilent);
  REQUIRE_FALSE(missing.has_value());
  REQUIRE(missing.error().code == ErrorCode::kNotFound);
  REQUIRE(missing.error().message.find("nor with .gz or .zst") != std::string::npos);
  WriteFile(ward.folder / "visits.csv", "id,stay,start,minutes,action\n");
  const auto wrong = CheckMapping(*mapping, ward.folder.path().string());
  REQUIRE_FALSE(wrong.has_value());
  INFO(wrong.error().message);
  REQUIRE(wrong.error().code == ErrorCode::kConfig);
  REQUIRE(wrong.error().message.find("ward.yaml:") != std::string::npos);
  REQUIRE(wrong.error().message.find("began") != std::string::npos);
  REQUIRE(sink.records.empty());
}

TEST_CASE("a table that is looked into has one row for a key") {
  test::TempFolder folder("lookup");
  WriteFile(folder / "a.csv", "k,v\n1,x\n2,\n3,\"\"\n");
  const auto table = Lookup::Load((folder / "a.csv").string(), "k", ',');
  REQUIRE(table.has_value());
  REQUIRE(table->size() == 3);
  REQUIRE(table->Find("1")[1] == "x");
  REQUIRE(table->Find("2")[1].data() == nullptr);
  REQUIRE(table->Find("3")[1].data() != nullptr);
  REQUIRE(table->Find("4") == nullptr);
  WriteFile(folder / "b.csv", "k,v\n1,x\n1,y\n");
  REQUIRE(Lookup::Load((folder / "b.csv").string(), "k", ',').error().message.find("two rows have the key k = \"1\"") !=
          std::string::npos);
  REQUIRE_FALSE(Lookup::Load((folder / "a.csv").string(), "key", ',').has_value());
}

TEST_CASE("numbers of minutes may be broken, negative and large, and are exact to the ms") {
  const Ward ward;
  WriteGzip(
      ward.folder / "values.csv.gz",
      "id,stay,at,entered,label,value,missing\n1,1,-0.5,0.00001,hr,80,\n2,1,1000000,1000000,hr,80,\n3,1,9999999999,0,hr,80,\n");
  ImportOptions options = ward.Options();
  options.only = {"values"};
  MemorySink sink;
  const ImportReport report = RunImport(options, sink);
  REQUIRE(report.records == 2);
  REQUIRE(sink.records[0].arrival_ms == 1'583'013'600'000 + 1);
  REQUIRE(report.examples[0].Text().find("not between the years 1 and 9999") != std::string::npos);
}

}  // namespace
}  // namespace plumbline::importer
