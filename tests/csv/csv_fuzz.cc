// Any bytes as a table, plain or compressed: rows or an error, never more fields than columns, whatever the options.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "connectors/csv/csv_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline::csv;
  if (size < 1) return 0;
  const CsvOptions options{.separator = (data[0] & 1U) != 0 ? ';' : ',',
                           .has_header = (data[0] & 2U) == 0,
                           .allow_ragged = (data[0] & 4U) != 0,
                           .max_row_bytes = 1U << 16};
  auto source = OpenText(std::string(reinterpret_cast<const char*>(data + 1), size - 1));
  if (!source) return 0;
  auto reader = CsvReader::FromSource(*std::move(source), "fuzz", options);
  if (!reader) return 0;
  std::uint64_t last = 0;
  for (int rows = 0; rows < 100'000; ++rows) {
    const auto more = reader->Next();
    if (!more || !*more) return 0;
    if (reader->row() <= last && last != 0) std::abort();
    last = reader->row();
    if (!options.allow_ragged && reader->size() != reader->header().size()) std::abort();
    for (std::size_t column = 0; column < reader->header().size(); ++column) {
      (void)reader->Field(column);
      const auto number = reader->Number(column);
      if (number && !std::isfinite(*number)) std::abort();
      (void)reader->Integer(column);
    }
  }
  return 0;
}
