#include "engine/app/bilingual.h"

#include <cstdlib>
#include <utility>

namespace plumbline::app {
namespace {

constexpr char kBegin = '\x1e', kMiddle = '\x1f', kEnd = '\x1d';

std::string Chosen(const std::string& text, bool chinese) {
  std::string out;
  bool inside = false, shown = true;
  for (const char c : text) {
    if (c == kBegin) {
      inside = true;
      shown = !chinese;
    } else if (c == kMiddle && inside) {
      shown = chinese;
    } else if (c == kEnd) {
      inside = false;
      shown = true;
    } else if (shown) {
      out += c;
    }
  }
  return out;
}

// The words that CLI11 itself writes.
std::string Translated(std::string text) {
  static constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"Usage: ", "用法："},      {"\nPositionals:", "\n位置参数："},
      {"\nOptions:", "\n选项："}, {"\nSubcommands:", "\n子命令："},
      {" REQUIRED", " 必填"},     {"[OPTIONS]", "[选项]"},
      {"SUBCOMMAND", "子命令"},   {"Print this help message and exit", "显示帮助并退出"}};
  for (const auto& [en, zh] : kWords) {
    for (std::size_t at = text.find(en); at != std::string::npos; at = text.find(en, at + zh.size()))
      text.replace(at, en.size(), zh);
  }
  return text;
}

class Formatter : public CLI::Formatter {
 public:
  explicit Formatter(std::shared_ptr<const std::string> lang) : lang_(std::move(lang)) { column_width(34); }
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
    const bool chinese = *lang_ == "zh";
    std::string text = Chosen(CLI::Formatter::make_help(app, std::move(name), mode), chinese);
    return chinese ? Translated(std::move(text)) : text;
  }

 private:
  std::shared_ptr<const std::string> lang_;
};

}  // namespace

std::string Both(std::string_view en, std::string_view zh) {
  std::string text;
  text += kBegin;
  text += en;
  text += kMiddle;
  text += zh;
  text += kEnd;
  return text;
}

std::string LocaleLanguage() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    return std::string_view(value).starts_with("zh") ? "zh" : "en";
  }
  return "en";
}

void ShowBilingualHelp(CLI::App* command, std::shared_ptr<const std::string> lang) {
  command->formatter(std::make_shared<Formatter>(std::move(lang)));
}

}  // namespace plumbline::app
