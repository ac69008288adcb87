// The expressions of one stream, compiled: a CQL library is written around them, with the row and the joined tables as parameters
// (tuples of texts), and its errors are led back to their place in the mapping file. Evaluates a row into events.
//
//   library Mapping
//   parameter "row" Tuple { "respchartid" String, ... }
//   parameter "stay" Tuple { "hospitalid" String, ... }
//   define "base": <base>          define "<name>": <define>          define "event 0 time": <field> ...
//
// One thread. Events point into this object until the next row.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/import/lookup.h"
#include "connectors/import/mapping.h"
#include "engine/base/error.h"
#include "engine/model/event.h"

namespace plumbline::importer {

// One of the stream's joins, in their order.
struct JoinedTable {
  std::string name;
  const Lookup* table = nullptr;
};

// Why a row gave no event. The field is as in the mapping ("event 0 time"), the columns those its expression reads.
struct RowReject {
  std::string field, columns, message;
};

struct MappedEvent {
  model::Event event;
  std::int64_t arrival_ms = 0;
};

class RowProgram {
 public:
  // kConfig with every mistake of the stream's expressions, shown in the mapping file.
  [[nodiscard]] static Result<std::unique_ptr<RowProgram>> Compile(const Mapping& mapping, const StreamSpec& stream,
                                                                   const std::vector<std::string>& columns,
                                                                   const std::vector<JoinedTable>& joined);
  struct State;
  explicit RowProgram(std::unique_ptr<State> state);  // used by Compile
  ~RowProgram();
  RowProgram(const RowProgram&) = delete;
  RowProgram& operator=(const RowProgram&) = delete;

  // Takes the fields of a row (a null data() is nothing) and looks its joins up. False: the row is not wanted (`where`), or
  // reject() says what is wrong.
  [[nodiscard]] bool Begin(const std::vector<std::string_view>& fields);
  [[nodiscard]] std::size_t events() const;
  enum class Outcome : std::uint8_t { kEvent, kNotWanted, kRejected };
  [[nodiscard]] Outcome Make(std::size_t index, MappedEvent& out);
  // Of the last Begin or Make that refused; none where it only did not want.
  [[nodiscard]] const std::optional<RowReject>& reject() const;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace plumbline::importer
