#include "connectors/csv/csv_reader.h"

#include <zlib.h>
#include <zstd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

using namespace plumbline;
using csv::CsvReader;

namespace {

using Rows = std::vector<std::vector<std::string>>;

Result<CsvReader> Make(std::string text, csv::CsvOptions options = {}) {
  PLUMBLINE_ASSIGN(auto source, csv::OpenText(std::move(text)));
  return CsvReader::FromSource(std::move(source), "t.csv", options);
}

Result<Rows> ReadAll(std::string text, csv::CsvOptions options = {}) {
  PLUMBLINE_ASSIGN(CsvReader reader, Make(std::move(text), options));
  Rows rows;
  while (true) {
    PLUMBLINE_ASSIGN(const bool more, reader.Next());
    if (!more) return rows;
    std::vector<std::string> row;
    for (std::size_t i = 0; i < reader.size(); ++i) row.emplace_back(reader.Field(i));
    rows.push_back(std::move(row));
  }
}

std::string Gzip(std::string_view text) {
  z_stream z{};
  REQUIRE(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(text.size() + 1000, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&z, Z_FINISH) == Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::string Zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string LongTable() {
  std::string text = "a,b\n";
  for (int i = 0; i < 200'000; ++i) text += std::to_string(i) + ",\"x \"\"" + std::to_string(i * 7) + "\"\"\"\n";
  return text;
}

void CheckLongTable(const std::string& bytes) {
  const auto rows = ReadAll(bytes);
  REQUIRE(rows);
  REQUIRE(rows->size() == 200'000);
  CHECK(rows->at(199'999) == std::vector<std::string>{"199999", "x \"1399993\""});
  CHECK(rows->at(12'345)[0] == "12345");
}

}  // namespace

TEST_CASE("quoted fields keep separators, doubled quotes and line ends", "[csv]") {
  const auto rows = ReadAll("a,b,c\n1,\"x,y\",\"he said \"\"no\"\"\"\n\"two\nlines\",,\"\"\n");
  REQUIRE(rows);
  CHECK(*rows == Rows{{"1", "x,y", "he said \"no\""}, {"two\nlines", "", ""}});
}

TEST_CASE("LF, CRLF, a missing last line end, blank lines and a byte order mark read the same", "[csv]") {
  const Rows expected{{"1", "2"}, {"3", "x"}};
  for (const char* text : {"a,b\n1,2\n3,x\n", "a,b\r\n1,2\r\n3,x\r\n", "a,b\n1,2\n\n3,x",
                           "\xEF\xBB\xBF"
                           "a,b\n1,2\n3,\"x\"",
                           "a,b\r\n\r\n1,2\r\n3,\"x\"\r\n"}) {
    INFO(text);
    const auto rows = ReadAll(text);
    REQUIRE(rows);
    CHECK(*rows == expected);
  }
}

TEST_CASE("an empty last field is a field", "[csv]") {
  const auto rows = ReadAll("a,b\n1,\n,\n");
  REQUIRE(rows);
  CHECK(*rows == Rows{{"1", ""}, {"", ""}});
}

TEST_CASE("gzip and Zstandard are told by content, also of several members", "[csv]") {
  const std::string text = LongTable();
  CheckLongTable(text);
  CheckLongTable(Gzip(text));
  CheckLongTable(Zstd(text));
  const std::size_t cut = text.find('\n', text.size() / 2) + 1;
  CheckLongTable(Gzip(text.substr(0, cut)) + Gzip(text.substr(cut)));
  CheckLongTable(Zstd(text.substr(0, cut)) + Zstd(text.substr(cut)));
}

TEST_CASE("a truncated or damaged compressed file is an error, not an end", "[csv]") {
  const std::string text = LongTable();
  for (std::string bytes : {Gzip(text), Zstd(text)}) {
    const auto cut = ReadAll(bytes.substr(0, bytes.size() / 2));
    REQUIRE_FALSE(cut);
    CHECK(cut.error().message.find("truncated") != std::string::npos);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x55);
    bytes[bytes.size() / 2 + 1] = static_cast<char>(bytes[bytes.size() / 2 + 1] ^ 0x55);
    CHECK_FALSE(ReadAll(bytes));
  }
}

TEST_CASE("errors name row, line and column", "[csv]") {
  auto reader = Make("id,value\n1,2\n\"a\nb\",12x\n");
  REQUIRE(reader);
  REQUIRE(reader->Next().value());
  CHECK(reader->Number(1).value() == 2.0);
  REQUIRE(reader->Next().value());
  CHECK(reader->row() == 3);
  const auto bad = reader->Number(1);
  REQUIRE_FALSE(bad);
  CHECK(bad.error().message == "t.csv: row 3, line 3, column value: \"12x\" is not a finite number");
  CHECK_FALSE(reader->Next().value());
  const auto missing = reader->RequireColumn("valve");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message.find("id, value") != std::string::npos);
}

TEST_CASE("what is outside the grammar is refused with its place", "[csv]") {
  const auto what = [](std::string text, csv::CsvOptions options = {}) {
    const auto rows = ReadAll(std::move(text), options);
    return rows ? std::string("read") : rows.error().message;
  };
  CHECK(what("a,b\n1,2\n3\n") == "t.csv: row 3, line 3: 1 fields where the header has 2");
  CHECK(what("a,b\n\"1\"x,2\n") == "t.csv: row 2, line 2, field 1: text after the closing quote");
  CHECK(what("a,b\n1,\"2\n3,4\n") == "t.csv: line 2, field 2: the quoted field is not closed before the end of the file");
  CHECK(what("a,a\n1,2\n") == "t.csv: row 1: column \"a\" is there twice");
  CHECK(what("") == "t.csv: the file is empty; a header row is needed");
  CHECK(what("a,b\n1," + std::string(3000, 'x') + "\n", {.max_row_bytes = 1000}).find("longer than 1000 bytes") !=
        std::string::npos);
  CHECK(what("1,2,3\n", {.has_header = false, .max_columns = 2}).find("too many fields") != std::string::npos);
  CHECK(what("a,b\n1,2\n3\n", {.allow_ragged = true}) == "read");
}

TEST_CASE("numbers are finite decimals and nothing else", "[csv]") {
  CHECK(csv::ParseNumber(" -1.5e3 ") == -1500.0);
  CHECK(csv::ParseNumber("+2") == 2.0);
  for (const char* text : {"", " ", "nan", "inf", "-inf", "1e999", "0x10", "1,5", "+-1", "1 2"}) {
    INFO(text);
    CHECK_FALSE(csv::ParseNumber(text));
  }
}

TEST_CASE("a file that is not there says so", "[csv]") {
  const auto reader = CsvReader::Open("no/such/file.csv");
  REQUIRE_FALSE(reader);
  CHECK(reader.error().code == ErrorCode::kNotFound);
}

TEST_CASE("the shared tables are read whole, gz and zst", "[csv][shared]") {
  const char* env = std::getenv("PLUMBLINE_SHARED");
  const std::filesystem::path shared = env != nullptr ? env : "../shared";
  if (!std::filesystem::exists(shared / "data/lidc/readings.csv.gz")) {
    WARN("SKIPPED (shared data) the shared tables are read whole: no ../shared/data");
    return;
  }
  const auto count = [&](const char* file) {
    auto reader = CsvReader::Open((shared / "data" / file).string());
    REQUIRE(reader);
    std::size_t n = 0;
    while (reader->Next().value()) ++n;
    return n;
  };
  CHECK(count("lidc/readings.csv.gz") == 3435);
  CHECK(count("eicu_demo/patient.csv.gz") == 1700);
  CHECK(count("physionet2012/set-a.csv.zst") == 1'678'892);
}
