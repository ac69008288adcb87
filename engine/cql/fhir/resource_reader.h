// FHIR JSON to nodes: one pass over the text with simdjson, led by the FHIR classes. Private to ResourceSet.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/cql/arena.h"
#include "engine/cql/fhir/node.h"

namespace plumbline::cql::fhir {

class ResourceReader {
 public:
  // The nodes and a copy of the text go to `arena`, which must outlive the reader.
  explicit ResourceReader(Arena& arena);
  ~ResourceReader();

  [[nodiscard]] Result<void> Read(std::string_view json, std::vector<Resource>* out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace plumbline::cql::fhir
