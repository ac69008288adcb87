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
  found_.clear();
  sorted_.clear();
  resources_.clear();
  ranges_.clear();
  error_.clear();
}

Result<void> ResourceSet::Add(std::string_view json) {
  if (json.size() > kMaxDocumentBytes) return Fail(ErrorCode::kLimit, "a FHIR document of more than 256 MiB");
  return reader_->Find(json, &found_);
}

void ResourceSet::Index() {
  ranges_.clear();
  for (const FoundResource& found : found_) {
    TypeRange* range = nullptr;
    for (TypeRange& known : ranges_) {
      if (known.type == found.type) range = &known;
    }
    if (range == nullptr) range = &ranges_.emplace_back(TypeRange{.type = found.type});
    ++range->count;
  }
  std::uint32_t next = 0;
  for (TypeRange& range : ranges_) {
    range.first = next;
    next += range.count;
    range.count = 0;
  }
  sorted_.resize(found_.size());
  resources_.resize(found_.size());
  for (const FoundResource& found : found_) {
    for (TypeRange& range : ranges_) {
      if (range.type != found.type) continue;
      sorted_[range.first + range.count++] = found;
      break;
    }
  }
}

std::span<const Resource> ResourceSet::ReadRange(TypeRange& range) const {
  if (!range.read) {
    range.read = true;
    const std::uint32_t found = range.count;
    range.count = 0;
    for (std::uint32_t i = 0; i < found; ++i) {
      auto resource = reader_->Read(sorted_[range.first + i]);
      if (resource) {
        resources_[range.first + range.count++] = *resource;
      } else if (error_.empty()) {
        error_ = std::move(resource).error().message;
      }
    }
  }
  return std::span(resources_).subspan(range.first, range.count);
}

std::span<const Resource> ResourceSet::all() const {
  std::uint32_t count = 0;
  for (TypeRange& range : ranges_) {
    const auto part = ReadRange(range);
    // Where one could not be read the others move up, and their range with them.
    std::copy(part.begin(), part.end(), resources_.begin() + count);
    range.first = count;
    count += range.count;
  }
  return std::span(resources_).first(count);
}

std::span<const Resource> ResourceSet::OfType(const ModelClass& type) const {
  for (TypeRange& range : ranges_) {
    if (range.type == &type) return ReadRange(range);
  }
  return {};
}

const Resource* ResourceSet::Resolve(std::string_view reference) const {
  const std::size_t slash = reference.rfind('/');
  const std::string_view id = slash == std::string_view::npos ? reference : reference.substr(slash + 1);
  std::string_view type = slash == std::string_view::npos ? std::string_view() : reference.substr(0, slash);
  if (const std::size_t before = type.rfind('/'); before != std::string_view::npos) type = type.substr(before + 1);
  for (TypeRange& range : ranges_) {
    if (!type.empty() && range.type->name() != type) continue;
    for (const Resource& resource : ReadRange(range)) {
      if (resource.id == id) return &resource;
    }
  }
  return nullptr;
}

}  // namespace plumbline::cql::fhir
