#include "parsers/nested_record.h"

#include "core/ascii.h"
#include "parsers/registry.h"
#include "parsers/scan.h"

namespace rastro {
namespace {

// "mail.log: " in front of the record, or nothing.
void skip_forwarders_tag(std::string_view& rest) {
  std::size_t size = 0;
  while (size < rest.size() && (is_alnum(rest[size]) || rest[size] == '_' || rest[size] == '.' ||
                                rest[size] == '-' || rest[size] == '/')) {
    ++size;
  }
  if (size > 0 && rest.substr(size).starts_with(": ")) rest.remove_prefix(size + 2);
}

// "<22>"
void skip_priority(std::string_view& rest) {
  auto left = rest;
  if (maybe_take(left, '<') && maybe_take_number(left) && maybe_take(left, '>')) rest = left;
}

}  // namespace

bool maybe_take_nested_record(std::string_view line, StampReader& reader, LineHeader& header,
                              std::string_view& text) {
  const auto& host = header.host;
  if (host.empty() || header.pid != 0) return false;
  if (host.data() < line.data() || host.data() + host.size() > line.data() + line.size())
    return false;
  auto inner = line.substr(static_cast<std::size_t>(host.data() - line.data()) + host.size());
  if (!maybe_take(inner, ' ')) return false;
  skip_forwarders_tag(inner);
  skip_priority(inner);
  if (inner.empty() || (!is_digit(inner[0]) && (inner[0] < 'A' || inner[0] > 'Z'))) return false;
  LineHeader own;
  if (!maybe_take_syslog_header(inner, reader, own) || own.host.empty()) return false;
  if (find_program(own.program).parse == nullptr) return false;
  // "-": there is no tag.
  if (header.program != "-" && find_program(header.program).parse != nullptr) return false;
  header = own;
  text = inner;
  return true;
}

}  // namespace rastro
