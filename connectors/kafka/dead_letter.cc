#include "connectors/kafka/dead_letter.h"

#include <simdjson.h>

namespace plumbline::kafka {

Result<DeadLetter> ParseDeadLetter(std::string_view letter) {
  const std::size_t end = letter.find('\n');
  if (end == std::string_view::npos) return Fail(ErrorCode::kParse, "a dead letter without its line of JSON");
  DeadLetter out;
  out.bytes = letter.substr(end + 1);
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  std::string_view reason, detail;
  const bool whole =
      parser.parse(letter.data(), end).get(object) == simdjson::SUCCESS && object["reason"].get(reason) == simdjson::SUCCESS &&
      object["detail"].get(detail) == simdjson::SUCCESS && object["topic"].get(out.topic) == simdjson::SUCCESS &&
      object["partition"].get(out.partition) == simdjson::SUCCESS && object["offset"].get(out.offset) == simdjson::SUCCESS;
  if (!whole) return Fail(ErrorCode::kParse, "a dead letter whose line cannot be read: " + std::string(letter.substr(0, end)));
  out.reason = reason;
  out.detail = detail;
  return out;
}

}  // namespace plumbline::kafka
