// Any bytes as a configuration: the reader ends, and every mistake can be shown.
#include <cstdint>
#include <string>

#include "config/site.h"
#include "engine/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline::config;
  const std::string text(reinterpret_cast<const char*>(data), size);
  Diagnostics diagnostics("fuzz.yaml", text);
  const Node root = ParseYaml(text, diagnostics);
  (void)ReadConfig(root, diagnostics);
  PLUMBLINE_CHECK(!diagnostics.Render().empty(), "mistakes, also none, can be shown");
  for (const Node::Entry& entry : root.entries) (void)MarkInText(entry.value, entry.value.text.size() / 2, diagnostics);
  return 0;
}
