// The whole program, stage two and its results included, killed at its failpoints again and again: what it leaves behind is what
// a run leaves that nobody disturbed.
#include <catch2/catch.hpp>
#include <random>

#include "tests/program/simulated.h"

namespace plumbline::program {

TEST_CASE("the program killed at 30 points of both stages leaves alerts, journal and results as the undisturbed run") {
  constexpr int kKills = 30;
  constexpr std::uint64_t kSeed = 3;
  const Installation site;
  const auto made = site.Run({"generate", "--log", site.Path("calm/log"), "--partitions", std::to_string(kStreams), "--patients",
                              "12", "--duration", "6 hours", "--seed", "11", "--quiet"});
  INFO(made.text);
  REQUIRE(made.exit_code == 0);
  const std::string calm = Configured(site, "calm", 2), rough = Configured(site, "rough", 2);
  fs::create_directories(site.Path("rough"));
  fs::copy(site.Path("calm/log"), site.Path("rough/log"), fs::copy_options::recursive);
  const auto undisturbed = RunOn(site, calm);
  INFO(undisturbed.text);
  REQUIRE(undisturbed.exit_code == 0);
  const auto expected = Effects(site.Path("calm/log"));
  CHECK(expected.size() > 50);

  // Both stages pass each of these; by the count either dies. Lives begin anew once one has come to its end.
  const std::vector<std::string> points = {
      "journal.before_sync",    "journal.after_sync",    "output.between", "output.after", "checkpoint.slice",
      "checkpoint.before_seal", "checkpoint.after_seal", "log.append",     "log.sync",     "rerun.entry"};
  std::mt19937_64 random(kSeed);
  int kills = 0, lives = 0;
  std::map<std::string, int> killed;
  while (kills < kKills) {
    ++lives;
    fs::remove_all(site.Path("rough/state"));
    for (const auto& entry : fs::directory_iterator(site.Path("rough/log"))) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("plumbline.out.") || name.starts_with("plumbline.units.")) fs::remove_all(entry.path());
    }
    std::string story;
    for (bool dead = true; dead;) {
      const std::string& point = points[random() % points.size()];
      const std::string failpoint = point + ":" + std::to_string(1 + random() % 6) + ":kill";
      story += " " + failpoint;
      const auto ran = RunOn(site, rough, {"PLUMBLINE_FAILPOINTS=" + failpoint});
      INFO("seed " << kSeed << ", life " << lives << ":" << story << "\n" << ran.text);
      dead = ran.exit_code == -9;
      REQUIRE((dead || ran.exit_code == 0));
      kills += dead ? 1 : 0;
      killed[point] += dead ? 1 : 0;
    }
    INFO("seed " << kSeed << ", life " << lives << ":" << story);
    CHECK((Effects(site.Path("rough/log")) == expected));
    // Each start closes the import at its end, which is an entry without effects where another start has closed it before.
    const auto journal = Journal(site.Path("rough/state")), calm_journal = Journal(site.Path("calm/state"));
    for (std::size_t p = 0; p < calm_journal.size(); ++p) {
      REQUIRE(journal[p].size() >= calm_journal[p].size());
      CHECK(std::equal(calm_journal[p].begin(), calm_journal[p].end(), journal[p].begin()));
    }
    CHECK(LastOfEachWindow(site.Path("rough/log")) == LastOfEachWindow(site.Path("calm/log")));
  }
  WARN(kills << " kills in " << lives << " lives");
  CHECK(killed.size() > points.size() / 2);
}

}  // namespace plumbline::program
