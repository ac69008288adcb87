// FHIR JSON to nodes, led by the FHIR classes. Finding a document's resources is one thing, and done at once; reading one of them
// into nodes is another, and done when it is asked for. Private to ResourceSet.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/cql/arena.h"
#include "engine/cql/fhir/json_cursor.h"
#include "engine/cql/fhir/node.h"

namespace plumbline::cql::fhir {

// A resource that was found in a document and not read.
struct FoundResource {
  const ModelClass* type = nullptr;
  JsonCursor at;
};

class ResourceReader {
 public:
  // The nodes, a copy of the text and its structure go to `arena`, which must outlive the reader.
  explicit ResourceReader(Arena& arena);
  ~ResourceReader();

  [[nodiscard]] Result<void> Find(std::string_view json, std::vector<FoundResource>* out);
  // What it finds may be read until the arena is reset. The error says which resource cannot be read.
  [[nodiscard]] Result<Resource> Read(const FoundResource& found);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace plumbline::cql::fhir
