// `plumbline baseline build|show|diff`: expert baselines as files that their digest names.
#include <cstdio>
#include <fstream>
#include <memory>
#include <tuple>

#include "engine/app/analyse/analyse.h"
#include "engine/app/commands.h"

namespace plumbline::app {
namespace {

int Refuse(const Error& error) {
  std::fprintf(stderr, "%s\n", error.Text().c_str());
  return error.code == ErrorCode::kIntegrity ? kExitIntegrity : kExitUsage;
}

int Build(const analyse::BaselineRequest& request, const std::string& out) {
  const auto built = analyse::BuildBaselineFromTable(request);
  if (!built) return Refuse(built.error());
  std::ofstream file(out, std::ios::binary);
  file << built->text;
  if (!file.flush()) return Refuse({ErrorCode::kIo, out + " could not be written"});
  std::printf("%s  %s\n", built->digest.c_str(), out.c_str());
  if (built->left_out > 0) std::printf("%zu rows without outcome or feature were left out\n", built->left_out);
  return kExitOk;
}

void AddBuild(CLI::App* parent, int* exit_code) {
  auto r = std::make_shared<analyse::BaselineRequest>();
  auto out = std::make_shared<std::string>("baseline.txt");
  auto ridge = std::make_shared<double>(-1);
  CLI::App* c = parent->add_subcommand("build", "Learn a baseline from an expert panel's table");
  c->add_option("table", r->table.path, "CSV with a header; gzip and Zstandard too")->required();
  c->add_option("--where", r->table.where, "keep rows that meet a condition");
  c->add_option("--join", r->table.join, "FILE:KEY");
  c->add_option("--name", r->name, "what people call it");
  c->add_option("--outcome", r->outcome, "column of the outcome");
  c->add_option("--event", r->event, "or a binary outcome as a condition");
  c->add_option("--kind", r->kind, "binary, ordinal or numeric")->capture_default_str();
  c->add_option_function<std::pair<double, double>>(
      "--range", [r](const std::pair<double, double>& range) { std::tie(r->low, r->high) = range; },
      "ends of a numeric outcome's scale");
  c->add_option("--stratum", r->stratum, "column of case mix");
  c->add_option("--cluster", r->cluster, "column of the patient: its rows are one observation");
  c->add_option("--numeric", r->numeric_features, "numeric case features of the model");
  c->add_option("--level", r->level_features, "categorical case features of the model");
  c->add_option("--alpha0", r->alpha0, "one-sided error of the bounds that detectors use")->capture_default_str();
  c->add_option("--ridge", *ridge, "penalty; without it chosen by cross-validation");
  c->add_option("--folds", r->folds, "of the cross-validation")->capture_default_str();
  c->add_option("-o,--out", *out, "file to write")->capture_default_str();
  c->footer(
      "Example:\n"
      "  plumbline baseline build readings.csv.gz --kind ordinal --outcome malignancy --where n_readers_in_cluster=4 --cluster "
      "scan_id \\\n"
      "    --numeric max_diam_px --numeric spiculation --numeric texture --name 'LIDC malignancy' -o lidc.baseline");
  c->callback([r, out, ridge, exit_code] {
    if (*ridge >= 0) r->ridge = *ridge;
    *exit_code = Build(*r, *out);
  });
}

}  // namespace

void AddBaseline(CLI::App& app, int* exit_code) {
  CLI::App* parent = app.add_subcommand("baseline", "Expert baselines: build, show, diff");
  parent->require_subcommand(1);
  AddBuild(parent, exit_code);
  auto paths = std::make_shared<std::pair<std::string, std::string>>();
  auto lang = std::make_shared<std::string>("en");
  CLI::App* show = parent->add_subcommand("show", "What a baseline holds");
  show->add_option("file", paths->first)->required();
  show->add_option("--lang", *lang)->check(CLI::IsMember({"en", "zh"}));
  show->footer("Example:\n  plumbline baseline show lidc.baseline");
  show->callback([paths, lang, exit_code] {
    const auto text = analyse::ShowBaseline(paths->first, *lang == "zh" ? analyse::Lang::kZh : analyse::Lang::kEn);
    if (text) std::fputs(text->c_str(), stdout);
    *exit_code = text ? kExitOk : Refuse(text.error());
  });
  CLI::App* diff = parent->add_subcommand("diff", "What differs between two baselines; exit 1 when something does");
  diff->add_option("first", paths->first)->required();
  diff->add_option("second", paths->second)->required();
  diff->footer("Example:\n  plumbline baseline diff lidc.baseline lidc-new.baseline");
  diff->callback([paths, exit_code] {
    bool different = false;
    const auto text = analyse::DiffBaselineFiles(paths->first, paths->second, &different);
    if (text) std::fputs(text->c_str(), stdout);
    *exit_code = !text ? Refuse(text.error()) : (different ? kExitFindings : kExitOk);
  });
}

}  // namespace plumbline::app
