// The resources of one patient (or of any bundle) in memory, read from FHIR JSON. Owns the text and the nodes; reading again
// reuses the memory. Used by one thread; once read it is not changed.
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

namespace plumbline::cql::fhir {

inline constexpr int kMaxResourceDepth = 64;  // nested elements of a resource
inline constexpr std::size_t kMaxDocumentBytes = std::size_t{256} << 20;

class ResourceReader;

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

  [[nodiscard]] std::span<const Resource> all() const { return resources_; }
  // Of one FHIR class, in the order in which they came. Valid after Index().
  [[nodiscard]] std::span<const Resource> OfType(const ModelClass& type) const;
  // By "Encounter/123" or the last segments of a url that ends so; null when there is none.
  [[nodiscard]] const Resource* Resolve(std::string_view reference) const;
  [[nodiscard]] std::size_t bytes() const { return arena_->reserved(); }

 private:
  friend class ResourceReader;
  struct TypeRange {
    const ModelClass* type = nullptr;
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };

  std::unique_ptr<Arena> arena_;
  std::unique_ptr<ResourceReader> reader_;
  std::vector<Resource> resources_;
  std::vector<Resource> sorted_;
  std::vector<TypeRange> ranges_;
};

}  // namespace plumbline::cql::fhir
