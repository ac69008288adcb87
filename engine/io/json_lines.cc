#include "engine/io/json_lines.h"

#include <simdjson.h>

#include <charconv>

#include "engine/base/hash.h"

namespace plumbline::io {
namespace {

constexpr std::size_t kPollRecords = 512;
constexpr std::uint64_t kReadChunk = 1u << 20;

std::string Base64(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < have ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) out.push_back(k <= have ? kDigits[group >> (18 - 6 * k) & 63] : '=');
  }
  return out;
}

void AppendQuoted(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    if (static_cast<unsigned char>(c) >= 0x20) {
      out.push_back(c);
      continue;
    }
    constexpr char kHex[] = "0123456789abcdef";
    out.append("\\u00").append(1, kHex[static_cast<unsigned char>(c) >> 4]).append(1, kHex[c & 15]);
  }
  out.push_back('"');
}

bool IsOneLineOfJson(std::string_view text) {
  if (text.find('\n') != std::string_view::npos) return false;
  simdjson::dom::parser parser;
  simdjson::dom::element parsed;
  return parser.parse(text.data(), text.size(), true).get(parsed) == simdjson::SUCCESS;
}

// The number behind `name` in a line of this format; the names come before any text that a record brings.
bool NumberIn(std::string_view line, std::string_view name, std::int64_t* value) {
  const auto at = line.find(name);
  if (at == std::string_view::npos) return false;
  const char* from = line.data() + at + name.size();
  return std::from_chars(from, line.data() + line.size(), *value).ec == std::errc();
}

using Cursors = std::map<std::pair<std::string, std::int64_t>, std::int64_t>;  // (log, partition): next offset

Result<void> ReadCursor(std::string_view line, const std::string& path, Cursors& cursors) {
  constexpr std::string_view kBegin = "{\"log\":\"";
  std::int64_t partition = 0, offset = 0;
  const auto end = line.find('"', kBegin.size());
  if (!line.starts_with(kBegin) || end == std::string_view::npos || !NumberIn(line, "\"partition\":", &partition) ||
      !NumberIn(line, "\"offset\":", &offset)) {
    return Fail(ErrorCode::kIntegrity,
                path + ": holds a line that this program did not write; move the file away, a new one is begun");
  }
  cursors[{std::string(line.substr(kBegin.size(), end - kBegin.size())), partition}] = offset + 1;
  return {};
}

// Walks over the lines that are there, cuts off a torn one at the end.
Result<Cursors> ReadCursors(FileSystem& files, const std::string& path) {
  Cursors cursors;
  auto file = files.OpenRead(path);
  if (!file && file.error().code == ErrorCode::kNotFound) return cursors;
  if (!file) return std::unexpected(file.error());
  PLUMBLINE_ASSIGN(const auto size, (*file)->Size());
  std::string rest, chunk(kReadChunk, '\0');
  for (std::uint64_t at = 0; at < size;) {
    PLUMBLINE_ASSIGN(const auto got, (*file)->ReadAt(at, std::as_writable_bytes(std::span(chunk))));
    at += got;
    rest.append(chunk, 0, got);
    std::size_t begin = 0;
    for (std::size_t end; (end = rest.find('\n', begin)) != std::string::npos; begin = end + 1) {
      PLUMBLINE_TRY(ReadCursor(std::string_view(rest).substr(begin, end - begin), path, cursors));
    }
    rest.erase(0, begin);
  }
  if (!rest.empty()) PLUMBLINE_TRY(files.Truncate(path, size - rest.size()));
  return cursors;
}

}  // namespace

std::string JsonLine(OutputLog log, const Record& record) {
  const auto id = EffectIdOf(record.headers).value_or(EffectId{});
  std::string out = "{\"log\":\"" + std::string(OutputLogName(log)) + "\",\"partition\":" + std::to_string(record.partition) +
                    ",\"offset\":" + std::to_string(record.offset) + ",\"entry\":" + std::to_string(id.entry) +
                    ",\"index\":" + std::to_string(id.index) + ",\"time_ms\":" + std::to_string(record.timestamp_ms);
  const auto key = AsText(record.key), value = AsText(record.value);
  if (simdjson::validate_utf8(key.data(), key.size())) {
    out += ",\"key\":";
    AppendQuoted(out, key);
  } else {
    out += ",\"key_base64\":\"" + Base64(key) + "\"";
  }
  if (IsOneLineOfJson(value)) {
    out.append(",\"value\":").append(value);
  } else {
    out += ",\"value_base64\":\"" + Base64(value) + "\"";
  }
  return out + "}\n";
}

Result<std::unique_ptr<JsonLinesMirror>> JsonLinesMirror::ToFile(FileSystem& files, const std::string& folder,
                                                                 const std::string& name, Source& source,
                                                                 std::vector<OutputLog> logs, std::uint32_t partitions) {
  PLUMBLINE_TRY(files.CreateDirectories(folder));
  const std::string path = folder + "/" + name;
  PLUMBLINE_ASSIGN(auto cursors, ReadCursors(files, path));
  for (std::size_t topic = 0; topic < logs.size(); ++topic) {
    for (std::uint32_t partition = 0; partition < partitions; ++partition) {
      const auto found = cursors.find({std::string(OutputLogName(logs[topic])), partition});
      if (found == cursors.end()) continue;
      PLUMBLINE_TRY(source.Seek({static_cast<std::uint16_t>(topic), partition}, found->second));
    }
  }
  PLUMBLINE_ASSIGN(auto file, files.OpenAppend(path));
  return std::make_unique<JsonLinesMirror>(Private{}, source, std::move(logs), partitions, std::move(file));
}

Result<std::unique_ptr<JsonLinesMirror>> JsonLinesMirror::ToStandardOutput(Source& source, std::vector<OutputLog> logs,
                                                                           std::uint32_t partitions) {
  for (std::size_t topic = 0; topic < logs.size(); ++topic) {
    for (std::uint32_t partition = 0; partition < partitions; ++partition) {
      const TopicPartition id{static_cast<std::uint16_t>(topic), partition};
      PLUMBLINE_ASSIGN(const auto end, source.EndOffset(id));
      PLUMBLINE_TRY(source.Seek(id, end));
    }
  }
  return std::make_unique<JsonLinesMirror>(Private{}, source, std::move(logs), partitions, StandardOutput());
}

Result<std::uint64_t> JsonLinesMirror::Pump() {
  std::uint64_t count = 0;
  for (std::size_t topic = 0; topic < logs_.size(); ++topic) {
    for (std::uint32_t partition = 0; partition < partitions_; ++partition) {
      while (true) {
        PLUMBLINE_ASSIGN(const auto records, source_.Poll({static_cast<std::uint16_t>(topic), partition}, kPollRecords));
        if (records.empty()) break;
        lines_.clear();
        for (const auto& record : records) lines_ += JsonLine(logs_[topic], record);
        PLUMBLINE_TRY(file_->Append(AsBytes(lines_)));
        count += records.size();
      }
    }
  }
  return count;
}

}  // namespace plumbline::io
