// plumbline import: tables to events by a mapping file, to the embedded log, a file, or Kafka.
#include <cstdio>
#include <filesystem>

#include <unistd.h>

#include "connectors/import/importer.h"
#include "connectors/import/mapping.h"
#include "connectors/sink/event_sink.h"
#include "engine/app/commands.h"
#include "engine/app/progress.h"
#include "engine/app/sink_options.h"

namespace plumbline::app {
namespace {

struct Arguments {
  SinkArguments sink;
  importer::ImportOptions options;
  std::string mapping;
  std::uint64_t memory_megabytes = 256;
  bool check = false;
  bool json = false;
  bool quiet = false;
};

Result<int> Run(Arguments& a) {
  PLUMBLINE_ASSIGN(const importer::Mapping mapping, importer::LoadMapping(a.mapping));
  if (a.check) {
    PLUMBLINE_TRY(importer::CheckMapping(mapping, a.options.data_folder));
    std::printf("%s: %zu streams, no mistakes\n", a.mapping.c_str(), mapping.streams.size());
    return kExitOk;
  }
  a.options.memory_bytes = a.memory_megabytes << 20;
  if (a.options.temporary_folder.empty()) {
    a.options.temporary_folder =
        (std::filesystem::temp_directory_path() / ("plumbline-import-" + std::to_string(::getpid()))).string();
  }
  // Every expression is checked before the sink makes topics or files.
  PLUMBLINE_TRY(importer::CheckMapping(mapping, a.options.data_folder));
  SystemClock clock;
  PLUMBLINE_ASSIGN(auto sink, OpenSink(a.sink, clock, io::TopicTimes::kCreate));
  Progress progress(clock, "import", a.quiet);
  auto report = importer::Import(mapping, a.options, *sink,
                                 [&](std::string_view phase, std::uint64_t done, std::uint64_t total, std::uint64_t records) {
                                   // Reading is the first half of the bar, writing the second.
                                   progress.Show(phase == "read" ? done : total + done, 2 * total, records);
                                 });
  std::error_code ignored;
  std::filesystem::remove(a.options.temporary_folder, ignored);  // only when it is empty
  PLUMBLINE_TRY(report);
  progress.Done(report->records);
  std::fputs(a.json ? (report->Json() + "\n").c_str() : report->Text().c_str(), a.sink.file == "-" ? stderr : stdout);
  return report->rejected > 0 ? kExitFindings : kExitOk;
}

}  // namespace

void AddImport(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("import", "Turn tables (CSV, also .gz and .zst) into events by a mapping file");
  auto a = std::make_shared<Arguments>();
  command->add_option("--mapping", a->mapping, "Which files, which rows, and an expression for each field of an event")
      ->required();
  command->add_option("--data", a->options.data_folder, "Folder of the tables")->required();
  AddSinkOptions(*command, a->sink);
  command->add_option("--only", a->options.only, "Only these streams of the mapping");
  command->add_option("--memory", a->memory_megabytes, "Megabytes held for sorting; beyond it runs are written")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 20));
  command->add_option("--temporary", a->options.temporary_folder, "Folder for those runs (default: in the system's)");
  command->add_flag("--json-events", a->options.json, "Events as JSON instead of FlatBuffers");
  command->add_flag("--check", a->check, "Check the mapping against the tables' headers, import nothing");
  command->add_option("--rejects", a->options.max_examples, "Rejects shown with their row and columns")->capture_default_str();
  command->add_flag("--json", a->json, "The report as JSON");
  command->add_flag("--quiet", a->quiet, "No progress");
  command->footer(
      "Records are written in the order (arrival, source sequence); their timestamp is the arrival. Exit code 1: some rows were "
      "rejected.\n\n"
      "Examples:\n"
      "  plumbline import --mapping config/mappings/eicu_demo.yaml --data ../shared/data/eicu_demo --log out/eicu\n"
      "  plumbline import --mapping config/mappings/eicu_demo.yaml --data DIR --config site.yaml --to kafka --create-topics\n"
      "  plumbline import --mapping m.yaml --data DIR --check");
  command->callback([a, exit_code] {
    const auto code = Run(*a);
    *exit_code = code ? *code : Report(std::unexpected(code.error()));
  });
}

}  // namespace plumbline::app
