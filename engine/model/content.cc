#include "engine/model/content.h"

#include <array>
#include <bit>
#include <cstring>

namespace plumbline::model {
namespace {

constexpr std::size_t kFixedTexts = 23;
constexpr std::size_t kGradeTexts = 7;
constexpr std::size_t kFixedNumbers = 1 + 1 + 2 + 4 + 8 + 8 + 4 + 4 + 3 * 8 + 1 + 16 + 4;
constexpr std::size_t kGradeNumbers = 1 + 16;

using FixedTexts = std::array<std::string_view, kFixedTexts>;

FixedTexts Texts(const Event& e) {
  return {e.id,
          e.patient,
          e.encounter,
          e.site,
          e.source,
          e.clinician,
          e.clinician_role,
          e.device,
          e.device_model,
          e.code.system,
          e.code.code,
          e.code.display,
          e.has_quantity ? e.quantity.unit : std::string_view(),
          e.value_code.system,
          e.value_code.code,
          e.value_code.display,
          e.qc_material,
          e.qc_level,
          e.qc_run,
          e.follow_up.system,
          e.follow_up.code,
          e.follow_up.display,
          e.answers_to};
}

std::array<std::string_view, kGradeTexts> GradeTexts(const GradeView& g) {
  return {g.name.system,     g.name.code,     g.name.display,    g.has_quantity ? g.quantity.unit : std::string_view(),
          g.category.system, g.category.code, g.category.display};
}

// Writes little-endian numbers; x86-64 and AArch64, the machines this runs on, are little-endian.
static_assert(std::endian::native == std::endian::little);

class Writer {
 public:
  explicit Writer(char* at) : at_(at) {}
  template <typename T>
  void Number(T value) {
    std::memcpy(at_, &value, sizeof value);
    at_ += sizeof value;
  }
  void Text(std::string_view text) {
    if (text.empty()) return;  // memcpy from null is undefined even for nothing
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  [[nodiscard]] char* at() const { return at_; }

 private:
  char* at_;
};

void WriteNumbers(const Event& e, Writer& w) {
  w.Number(static_cast<std::uint8_t>(e.kind));
  w.Number(static_cast<std::uint8_t>(e.status));
  w.Number(e.offset_minutes);
  w.Number(e.version);
  w.Number(e.time);
  w.Number(e.source_sequence);
  w.Number(e.quality_flags);
  w.Number(static_cast<std::uint8_t>(e.action));
  w.Number(static_cast<std::uint8_t>(e.modality));
  w.Number(static_cast<std::uint8_t>(e.certainty));
  w.Number(static_cast<std::uint8_t>(e.decided_by));
  w.Number(e.waiting_ms);
  w.Number(e.duration_ms);
  w.Number(e.follow_up_within_ms);
  w.Number(static_cast<std::uint8_t>(e.has_quantity));
  w.Number(e.has_quantity ? e.quantity.value.units() : Int128{0});
  w.Number(static_cast<std::uint32_t>(e.grades.size()));
  for (const GradeView& g : e.grades) {
    w.Number(static_cast<std::uint8_t>(g.has_quantity));
    w.Number(g.has_quantity ? g.quantity.value.units() : Int128{0});
  }
}

bool IsAscii(const char* at, std::size_t size) {
  std::uint64_t seen = 0;
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    std::uint64_t word;
    std::memcpy(&word, at + i, 8);
    seen |= word;
  }
  for (; i < size; ++i) seen |= static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])) << 56;
  return (seen & 0x8080808080808080ULL) == 0;
}

}  // namespace

void ContentHasher::Hash(Event& event, bool* texts_ascii) {
  const FixedTexts texts = Texts(event);
  std::size_t text_bytes = 0;
  for (const std::string_view t : texts) text_bytes += t.size();
  for (const GradeView& g : event.grades) {
    for (const std::string_view t : GradeTexts(g)) text_bytes += t.size();
  }
  const std::size_t grades = event.grades.size();
  const std::size_t size = kFixedNumbers + grades * kGradeNumbers + 4 * (kFixedTexts + grades * kGradeTexts) + text_bytes;
  if (scratch_.size() < size) scratch_.resize(size * 2);

  Writer w(scratch_.data());
  WriteNumbers(event, w);
  for (const std::string_view t : texts) w.Number(static_cast<std::uint32_t>(t.size()));
  for (const GradeView& g : event.grades) {
    for (const std::string_view t : GradeTexts(g)) w.Number(static_cast<std::uint32_t>(t.size()));
  }
  const char* const text_start = w.at();
  for (const std::string_view t : texts) w.Text(t);
  for (const GradeView& g : event.grades) {
    for (const std::string_view t : GradeTexts(g)) w.Text(t);
  }
  if (texts_ascii != nullptr) *texts_ascii = IsAscii(text_start, text_bytes);
  event.content = HashText({scratch_.data(), size});
}

}  // namespace plumbline::model
