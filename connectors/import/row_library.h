// The text of the CQL library that is written around the expressions of a stream, and the way back from its errors to the
// mapping.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connectors/import/mapping.h"
#include "connectors/import/row_program.h"
#include "engine/cql/compiler.h"

namespace plumbline::importer {

inline constexpr std::string_view kWhere = "where";
inline constexpr std::string_view kBase = "base";
// Definitions of event i: "event i where", "event i time", "event i time after", with the grade's number where there are grades.
[[nodiscard]] std::string DefinitionName(std::size_t event, const FieldSpec& field);
[[nodiscard]] std::string JoinName(std::string_view table);

struct RowLibrary {
  struct Segment {
    std::size_t begin = 0, end = 0;  // of the expression in `text`
    const Expression* expression = nullptr;
    std::string definition;
  };
  std::string text;
  std::vector<Segment> segments;

  // What a definition reads of the row, for messages: "respchartoffset, respchartentryoffset".
  [[nodiscard]] std::string ColumnsOf(std::string_view definition) const;
};

[[nodiscard]] RowLibrary WriteLibrary(const Mapping& mapping, const StreamSpec& stream, const std::vector<std::string>& columns,
                                      const std::vector<JoinedTable>& joined);

// Compiles; errors are shown in the mapping file.
[[nodiscard]] Result<std::shared_ptr<const cql::Program>> CompileLibrary(const RowLibrary& library, const Mapping& mapping,
                                                                         const StreamSpec& stream);

}  // namespace plumbline::importer
