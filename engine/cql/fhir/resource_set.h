// The resources of one patient (or of any bundle) in memory, read from FHIR JSON. Owns the text and the nodes; reading again
// reuses the memory. Adding a document finds its resources; those of a type are read when the type is first asked for, since most
// evaluations ask for few. Used by one thread, also where it is const.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/cql/arena.h"
#include "engine/cql/fhir/model.h"
#include "engine/cql/fhir/node.h"
#include "engine/cql/fhir/resource_reader.h"

namespace plumbline::cql::fhir {

inline constexpr int kMaxResourceDepth = 64;  // nested elements of a resource
inline constexpr std::size_t kMaxDocumentBytes = std::size_t{256} << 20;

class ResourceSet {
 public:
  ResourceSet();
  ~ResourceSet();
  ResourceSet(ResourceSet&&) noexcept;
  ResourceSet& operator=(ResourceSet&&) noexcept;

  void Clear();
  // Adds the resources of a JSON document: a resource, a Bundle (its entries), an array of resources, or an object with a
  // `resources` array. Elements that the model does not have are passed over. A resource of a type that is not known is an error.
  [[nodiscard]] Result<void> Add(std::string_view json);
  // Sorts the resources by type; to be called after the last Add and before any retrieve.
  void Index();

  // All by type, the types in the order in which they came. Valid after Index(), as are the following.
  [[nodiscard]] std::span<const Resource> all() const;
  // Of one FHIR class, in the order in which they came.
  [[nodiscard]] std::span<const Resource> OfType(const ModelClass& type) const;
  // By "Encounter/123" or the last segments of a url that ends so; null when there is none.
  [[nodiscard]] const Resource* Resolve(std::string_view reference) const;
  // Why a resource that was asked for could not be read; empty: all could. Such a resource is left out.
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] std::size_t bytes() const { return arena_->reserved(); }

 private:
  struct TypeRange {
    const ModelClass* type = nullptr;
    std::uint32_t first = 0;
    std::uint32_t count = 0;  // of those read; before that of those found
    bool read = false;
  };

  std::span<const Resource> ReadRange(TypeRange& range) const;

  std::unique_ptr<Arena> arena_;
  std::unique_ptr<ResourceReader> reader_;
  std::vector<FoundResource> found_;
  std::vector<FoundResource> sorted_;        // by type
  mutable std::vector<Resource> resources_;  // in the places of sorted_
  mutable std::vector<TypeRange> ranges_;
  mutable std::string error_;
};

}  // namespace plumbline::cql::fhir
