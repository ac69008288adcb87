// Any bytes as a library and as an expression: the parser ends, within its bounds, and what it formats it reads again.
#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/base/check.h"
#include "engine/cql/compiler.h"
#include "engine/cql/format.h"
#include "engine/cql/parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline::cql;
  const std::string text(reinterpret_cast<const char*>(data), size);
  (void)CompileExpression(text, "fuzz", {});
  (void)CompileLibrary(text, "fuzz", {});
  Diagnostics diagnostics;
  const Source source("fuzz", text);
  const auto formatted = FormatLibrary(source, &diagnostics);
  (void)diagnostics.Text();
  if (!formatted) return 0;
  Diagnostics again;
  const Source second("formatted", *formatted);
  PLUMBLINE_CHECK(FormatLibrary(second, &again) == formatted, "formatting twice gives the same text");
  return 0;
}
