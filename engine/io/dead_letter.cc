#include "engine/io/dead_letter.h"

#include "engine/base/bytes.h"
#include "engine/base/hash.h"

namespace plumbline::io {
namespace {

constexpr std::uint8_t kForm = 1;
constexpr std::uint32_t kMostHeaders = 4096;

}  // namespace

void EncodeDeadLetter(const DeadLetter& letter, std::string& out) {
  ByteWriter write(out);
  write.U8(kForm);
  write.Text(letter.topic);
  write.U32(letter.partition);
  write.I64(letter.offset);
  write.I64(letter.timestamp_ms);
  write.Text(letter.stage);
  write.Text(letter.reason);
  write.Text(letter.message);
  write.Text(letter.key);
  write.Text(letter.value);
  write.U32(static_cast<std::uint32_t>(letter.headers.size()));
  for (const HeaderView& header : letter.headers) {
    write.Text(header.name);
    write.Text(AsText(header.value));
  }
}

Result<DeadLetter> DecodeDeadLetter(std::string_view bytes) {
  ByteReader read(bytes);
  if (read.U8() != kForm) return Fail(ErrorCode::kParse, "not a dead letter of form 1");
  DeadLetter letter;
  letter.topic = read.Text();
  letter.partition = read.U32();
  letter.offset = read.I64();
  letter.timestamp_ms = read.I64();
  letter.stage = read.Text();
  letter.reason = read.Text();
  letter.message = read.Text();
  letter.key = read.Text();
  letter.value = read.Text();
  const std::uint32_t count = read.U32();
  if (count > kMostHeaders) return Fail(ErrorCode::kParse, "a dead letter with " + std::to_string(count) + " headers");
  for (std::uint32_t i = 0; i < count && read.ok(); ++i) {
    const std::string_view name = read.Text();
    letter.headers.push_back({name, AsBytes(read.Text())});
  }
  if (!read.ok() || read.left() != 0) return Fail(ErrorCode::kParse, "a dead letter that is cut off or too long");
  return letter;
}

}  // namespace plumbline::io
