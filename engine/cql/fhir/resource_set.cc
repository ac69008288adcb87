#include "engine/cql/fhir/resource_set.h"

#include "engine/cql/fhir/node_text.h"
#include "engine/cql/fhir/resource_reader.h"

namespace plumbline::cql::fhir {

ResourceSet::ResourceSet() : arena_(std::make_unique<Arena>()), reader_(std::make_unique<ResourceReader>(*arena_)) {}
ResourceSet::~ResourceSet() = default;
ResourceSet::ResourceSet(ResourceSet&&) noexcept = default;
ResourceSet& ResourceSet::operator=(ResourceSet&&) noexcept = default;

void ResourceSet::Clear() {
  arena_->Reset();
  resources_.clear();
  sorted_.clear();
  ranges_.clear();
}

Result<void> ResourceSet::Add(std::string_view json) {
  if (json.size() > kMaxDocumentBytes) return Fail(ErrorCode::kLimit, "a FHIR document of more than 256 MiB");
  return reader_->Read(json, &resources_);
}

void ResourceSet::Index() {
  ranges_.clear();
  for (const Resource& resource : resources_) {
    TypeRange* range = nullptr;
    for (TypeRange& known : ranges_) {
      if (known.type == resource.node->type) range = &known;
    }
    if (range == nullptr) range = &ranges_.emplace_back(TypeRange{.type = resource.node->type});
    ++range->count;
  }
  std::uint32_t next = 0;
  for (TypeRange& range : ranges_) {
    range.first = next;
    next += range.count;
    range.count = 0;
  }
  sorted_.resize(resources_.size());
  for (const Resource& resource : resources_) {
    for (TypeRange& range : ranges_) {
      if (range.type != resource.node->type) continue;
      sorted_[range.first + range.count++] = resource;
      break;
    }
  }
}

std::span<const Resource> ResourceSet::OfType(const ModelClass& type) const {
  for (const TypeRange& range : ranges_) {
    if (range.type == &type) return std::span(sorted_).subspan(range.first, range.count);
  }
  return {};
}

const Resource* ResourceSet::Resolve(std::string_view reference) const {
  const std::size_t slash = reference.rfind('/');
  const std::string_view id = slash == std::string_view::npos ? reference : reference.substr(slash + 1);
  std::string_view type = slash == std::string_view::npos ? std::string_view() : reference.substr(0, slash);
  if (const std::size_t before = type.rfind('/'); before != std::string_view::npos) type = type.substr(before + 1);
  for (const Resource& resource : resources_) {
    if (resource.id == id && (type.empty() || resource.node->type->name() == type)) return &resource;
  }
  return nullptr;
}

}  // namespace plumbline::cql::fhir
