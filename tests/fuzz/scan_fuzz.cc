// The small readers: what they refuse is left alone, what they take is off the front.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "parsers/forms.h"
#include "parsers/scan.h"

namespace {

template <typename Reader>
void check(std::string_view text, Reader reader) {
  auto rest = text;
  const bool taken = static_cast<bool>(reader(rest));
  if (taken ? !text.ends_with(rest) || rest.size() > text.size()
            : rest.data() != text.data() || rest.size() != text.size()) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rastro;
  const std::string input(reinterpret_cast<const char*>(data), size);
  const std::string_view text = input;
  check(text, [](auto& rest) { return maybe_take_word(rest); });
  check(text, [](auto& rest) { return maybe_take_number(rest); });
  check(text, [](auto& rest) { return maybe_take_address(rest); });
  check(text, [](auto& rest) { return maybe_take_seconds(rest); });
  check(text, [](auto& rest) { return maybe_take_peer(rest); });
  check(text, [](auto& rest) { return maybe_take_until(rest, ':'); });
  check(text, [](auto& rest) { return maybe_take_until(rest, std::string_view(": ")); });
  const auto codes = reply_codes_of(text);
  if (codes.code != 0 && (codes.code < 200 || codes.code > 599)) std::abort();
  if (const auto id = queued_as(text);
      id && !is_postfix_queue_id(*id) && !is_exim_message_id(*id)) {
    std::abort();
  }
  // A form that is the text itself fits; a form cut out of the input never reads beyond it.
  if (const auto line = text.find('\n'); line != std::string_view::npos) {
    const auto found = match_form(text.substr(line + 1), text.substr(0, line));
    if (found && found->count > Captured::kMax) std::abort();
  }
  auto list = text;
  for (std::size_t i = 0; i <= text.size() && !list.empty(); ++i) {
    if (take_listed_recipient(list).empty()) break;
  }
  return 0;
}
