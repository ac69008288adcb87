#include "connectors/csv/csv_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <span>

namespace plumbline::csv {
namespace {

constexpr std::size_t kBuffer = 256 * 1024;

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<double> ParseNumber(std::string_view text) {
  text = Trim(text);
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || status != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

CsvReader::CsvReader(std::unique_ptr<ByteSource> source, std::string name, CsvOptions options)
    : source_(std::move(source)), name_(std::move(name)), options_(options), buffer_(kBuffer) {}

Result<CsvReader> CsvReader::Open(const std::string& path, CsvOptions options) {
  PLUMBLINE_ASSIGN(auto source, OpenFile(path));
  return FromSource(std::move(source), path, options);
}

Result<CsvReader> CsvReader::FromSource(std::unique_ptr<ByteSource> source, std::string name, CsvOptions options) {
  CsvReader reader(std::move(source), std::move(name), options);
  PLUMBLINE_ASSIGN(const int first, reader.Peek());
  if (first == 0xEF && reader.end_ - reader.at_ >= 3 && static_cast<unsigned char>(reader.buffer_[reader.at_ + 1]) == 0xBB &&
      static_cast<unsigned char>(reader.buffer_[reader.at_ + 2]) == 0xBF) {
    reader.at_ += 3;
  }
  if (!options.has_header) return reader;
  PLUMBLINE_ASSIGN(const bool any, reader.ReadRow());
  if (!any) return Fail(ErrorCode::kParse, reader.name_ + ": the file is empty; a header row is needed");
  std::vector<std::string> header;
  for (std::size_t i = 0; i < reader.fields_.size(); ++i) header.emplace_back(Trim(reader.Field(i)));
  std::vector<std::string> sorted = header;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) return Fail(ErrorCode::kParse, reader.name_ + ": row 1: column \"" + *twice + "\" is there twice");
  reader.header_ = std::move(header);
  return reader;
}

Result<int> CsvReader::Peek() {
  if (at_ == end_) {
    at_ = 0;
    end_ = 0;
    // The first read asks again until a byte order mark would be whole.
    do {
      PLUMBLINE_ASSIGN(const std::size_t got, source_->Read(std::span<char>(buffer_).subspan(end_)));
      if (got == 0) break;
      end_ += got;
    } while (end_ < 3);
    if (end_ == 0) return -1;
  }
  return static_cast<unsigned char>(buffer_[at_]);
}

Result<void> CsvReader::CheckLength() const {
  if (text_.size() <= options_.max_row_bytes) return {};
  return Fail(ErrorCode::kLimit, name_ + ": line " + std::to_string(row_line_) + ": the row is longer than " +
                                     std::to_string(options_.max_row_bytes) + " bytes; is a quote not closed?");
}

// The opening quote is taken. Leaves the reader behind the closing quote.
Result<void> CsvReader::ReadQuoted() {
  while (true) {
    PLUMBLINE_ASSIGN(const int c, Peek());
    if (c < 0) {
      return Fail(ErrorCode::kParse, name_ + ": line " + std::to_string(row_line_) + ", field " +
                                         std::to_string(fields_.size() + 1) +
                                         ": the quoted field is not closed before the end of the file");
    }
    ++at_;
    if (c != '"') {
      if (c == '\n') ++line_;
      text_.push_back(static_cast<char>(c));
      if ((text_.size() & 0xFFFF) == 0) PLUMBLINE_TRY(CheckLength());
      continue;
    }
    PLUMBLINE_ASSIGN(const int next, Peek());
    if (next != '"') return {};
    ++at_;
    text_.push_back('"');
  }
}

// Reads one field and what ends it. False when the file ended before a field began.
Result<bool> CsvReader::ReadField(bool* row_ended) {
  *row_ended = false;
  Span span{text_.size(), 0, false};
  PLUMBLINE_ASSIGN(int c, Peek());
  if (c < 0 && fields_.empty()) return false;
  if (c == '"') {
    ++at_;
    span.quoted = true;
    PLUMBLINE_TRY(ReadQuoted());
  } else {
    while (c >= 0) {
      std::size_t stop = at_;
      while (stop < end_ && buffer_[stop] != options_.separator && buffer_[stop] != '\n') ++stop;
      text_.append(buffer_.data() + at_, stop - at_);
      at_ = stop;
      PLUMBLINE_TRY(CheckLength());
      if (stop < end_) break;
      PLUMBLINE_ASSIGN(c, Peek());
    }
  }
  PLUMBLINE_ASSIGN(c, Peek());
  if (span.quoted && c == '\r') {
    ++at_;
    PLUMBLINE_ASSIGN(c, Peek());
    if (c != '\n' && c >= 0) c = '\r';
  }
  span.size = text_.size() - span.begin;
  if (c == '\n' && !span.quoted && span.size > 0 && text_.back() == '\r') --span.size;
  if (c < 0 && !span.quoted && span.size > 0 && text_.back() == '\r') --span.size;
  if (c >= 0 && c != '\n' && c != options_.separator) {
    return Fail(ErrorCode::kParse, name_ + ": row " + std::to_string(row_ + 1) + ", line " + std::to_string(line_) + ", field " +
                                       std::to_string(fields_.size() + 1) + ": text after the closing quote");
  }
  if (c >= 0) ++at_;
  if (c == '\n') ++line_;
  *row_ended = c != options_.separator;
  if (fields_.size() >= options_.max_columns)
    return Fail(ErrorCode::kLimit, name_ + ": line " + std::to_string(row_line_) + ": too many fields");
  fields_.push_back(span);
  return true;
}

Result<bool> CsvReader::ReadRow() {
  while (true) {
    fields_.clear();
    text_.clear();
    row_line_ = line_;
    bool ended = false;
    while (!ended) {
      PLUMBLINE_ASSIGN(const bool any, ReadField(&ended));
      if (!any) return false;
    }
    const bool blank = fields_.size() == 1 && fields_[0].size == 0 && !fields_[0].quoted;
    if (blank) {
      PLUMBLINE_ASSIGN(const int c, Peek());
      if (c < 0) return false;
      continue;
    }
    ++row_;
    return true;
  }
}

Result<bool> CsvReader::Next() {
  PLUMBLINE_ASSIGN(const bool any, ReadRow());
  if (!any) return false;
  if (header_.empty()) {
    for (std::size_t i = 0; i < fields_.size(); ++i) header_.push_back(std::to_string(i + 1));
  }
  if (fields_.size() != header_.size() && !options_.allow_ragged) {
    return Fail(ErrorCode::kParse, name_ + ": row " + std::to_string(row_) + ", line " + std::to_string(row_line_) + ": " +
                                       std::to_string(fields_.size()) + " fields where the header has " +
                                       std::to_string(header_.size()));
  }
  return true;
}

std::optional<std::size_t> CsvReader::Column(std::string_view name) const {
  const auto it = std::find(header_.begin(), header_.end(), name);
  if (it == header_.end()) return std::nullopt;
  return static_cast<std::size_t>(it - header_.begin());
}

Result<std::size_t> CsvReader::RequireColumn(std::string_view name) const {
  if (const auto column = Column(name)) return *column;
  std::string known;
  for (const std::string& h : header_) known += (known.empty() ? "" : ", ") + h;
  return Fail(ErrorCode::kParse, name_ + ": row 1: no column \"" + std::string(name) + "\"; there are: " + known);
}

std::string_view CsvReader::Field(std::size_t column) const {
  if (column >= fields_.size()) return {};
  return std::string_view(text_).substr(fields_[column].begin, fields_[column].size);
}

bool CsvReader::Quoted(std::size_t column) const { return column < fields_.size() && fields_[column].quoted; }

Error CsvReader::At(std::size_t column, std::string_view what) const {
  const std::string label = column < header_.size() ? header_[column] : std::to_string(column + 1);
  return Error{ErrorCode::kParse, name_ + ": row " + std::to_string(row_) + ", line " + std::to_string(row_line_) + ", column " +
                                      label + ": " + std::string(what)};
}

Result<double> CsvReader::Number(std::size_t column) const {
  if (const auto value = ParseNumber(Field(column))) return *value;
  return std::unexpected(At(column, "\"" + std::string(Field(column).substr(0, 40)) + "\" is not a finite number"));
}

Result<std::int64_t> CsvReader::Integer(std::size_t column) const {
  const std::string_view text = Trim(Field(column));
  std::int64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (!text.empty() && status == std::errc{} && end == text.data() + text.size()) return value;
  return std::unexpected(At(column, "\"" + std::string(text.substr(0, 40)) + "\" is not a whole number"));
}

}  // namespace plumbline::csv
