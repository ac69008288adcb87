#include "engine/model/content.h"

#include <array>
#include <bit>
#include <cstring>

namespace plumbline::model {
namespace {

constexpr std::size_t kFixedTexts = 23;
constexpr std::size_t kGradeTexts = 7;
constexpr std::uint32_t kHasQuantity = 1U << 31;
constexpr std::uint32_t kHasBody = 1U << 30;
constexpr std::size_t kHeadAndQuantity = 32 + 16;
constexpr std::size_t kBody = 8 + 3 * 8;
constexpr std::size_t kGrade = 1 + 16 + 4 * kGradeTexts;

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
  // Short texts by two overlapping words: a call of memcpy costs more than most of them.
  void Text(std::string_view text) {
    const std::size_t n = text.size();
    const char* from = text.data();
    if (n >= 8 && n <= 16) {
      Word<std::uint64_t>(from, 0);
      Word<std::uint64_t>(from, n - 8);
    } else if (n > 16 && n <= 32) {
      Word<std::uint64_t>(from, 0);
      Word<std::uint64_t>(from, 8);
      Word<std::uint64_t>(from, n - 16);
      Word<std::uint64_t>(from, n - 8);
    } else if (n >= 4 && n < 8) {
      Word<std::uint32_t>(from, 0);
      Word<std::uint32_t>(from, n - 4);
    } else if (n > 32) {
      std::memcpy(at_, from, n);
    } else {
      for (std::size_t i = 0; i < n; ++i) at_[i] = from[i];
    }
    at_ += n;
  }
  [[nodiscard]] char* at() const { return at_; }

 private:
  template <typename T>
  void Word(const char* from, std::size_t offset) {
    T word;
    std::memcpy(&word, from + offset, sizeof word);
    std::memcpy(at_ + offset, &word, sizeof word);
  }
  char* at_;
};

bool HasBody(const Event& e) {
  const unsigned enums = static_cast<unsigned>(e.action) | static_cast<unsigned>(e.modality) |
                         static_cast<unsigned>(e.certainty) | static_cast<unsigned>(e.decided_by);
  const bool durations = (e.waiting_ms & e.duration_ms & e.follow_up_within_ms) != kNoDuration;
  static_assert(kNoDuration == -1);
  return enums != 0 || durations || !e.grades.empty();
}

void WriteBody(const Event& e, Writer& w) {
  w.Number(static_cast<std::uint8_t>(e.action));
  w.Number(static_cast<std::uint8_t>(e.modality));
  w.Number(static_cast<std::uint8_t>(e.certainty));
  w.Number(static_cast<std::uint8_t>(e.decided_by));
  w.Number(static_cast<std::uint32_t>(e.grades.size()));
  w.Number(e.waiting_ms);
  w.Number(e.duration_ms);
  w.Number(e.follow_up_within_ms);
  for (const GradeView& g : e.grades) {
    w.Number(static_cast<std::uint8_t>(g.has_quantity));
    w.Number(g.has_quantity ? g.quantity.value.units() : Int128{0});
  }
}

void WriteNumbers(const Event& e, std::uint32_t present, Writer& w) {
  w.Number(static_cast<std::uint8_t>(e.kind));
  w.Number(static_cast<std::uint8_t>(e.status));
  w.Number(e.offset_minutes);
  w.Number(e.version);
  w.Number(e.time);
  w.Number(e.source_sequence);
  w.Number(present);
  w.Number(e.quality_flags);
  if ((present & kHasQuantity) != 0) w.Number(e.quantity.value.units());
  if ((present & kHasBody) != 0) WriteBody(e, w);
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
  std::uint32_t present = (event.has_quantity ? kHasQuantity : 0) | (HasBody(event) ? kHasBody : 0);
  std::size_t room = kHeadAndQuantity + kBody + 4 * kFixedTexts + kGrade * event.grades.size();
  for (std::size_t i = 0; i < kFixedTexts; ++i) {
    room += texts[i].size();
    present |= static_cast<std::uint32_t>(!texts[i].empty()) << i;
  }
  for (const GradeView& g : event.grades) {
    for (const std::string_view t : GradeTexts(g)) room += t.size();
  }
  if (scratch_.size() < room) [[unlikely]]
    scratch_.resize(room * 2);

  Writer w(scratch_.data());
  WriteNumbers(event, present, w);
  constexpr std::uint32_t kTexts = (1U << kFixedTexts) - 1;
  for (std::uint32_t bits = present & kTexts; bits != 0; bits &= bits - 1) {
    w.Number(static_cast<std::uint32_t>(texts[static_cast<std::size_t>(std::countr_zero(bits))].size()));
  }
  for (const GradeView& g : event.grades) {
    for (const std::string_view t : GradeTexts(g)) w.Number(static_cast<std::uint32_t>(t.size()));
  }
  const char* const text_start = w.at();
  for (std::uint32_t bits = present & kTexts; bits != 0; bits &= bits - 1) {
    w.Text(texts[static_cast<std::size_t>(std::countr_zero(bits))]);
  }
  for (const GradeView& g : event.grades) {
    for (const std::string_view t : GradeTexts(g)) w.Text(t);
  }
  if (texts_ascii != nullptr) *texts_ascii = IsAscii(text_start, static_cast<std::size_t>(w.at() - text_start));
  event.content = HashText({scratch_.data(), static_cast<std::size_t>(w.at() - scratch_.data())});
}

}  // namespace plumbline::model
