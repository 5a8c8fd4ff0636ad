// What several programs log in the same words.
#include <algorithm>
#include <array>
#include <utility>

#include "parsers/postfix/internal.h"
#include "parsers/postfix/known_lines.h"
#include "parsers/scan.h"

namespace rastro::postfix {

std::size_t short_id_size(std::string_view rest) {
#if defined(__SSE2__)
  if (rest.size() < 16) return 0;
  const auto block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rest.data()));
  const auto colons =
      static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8(':'))));
  const auto size = static_cast<std::size_t>(std::countr_zero(colons | 0x10000U));
  if (size < 6 || size > 14) return 0;
  const auto within = [&](char first, char last) {
    const auto offset = _mm_sub_epi8(block, _mm_set1_epi8(first));
    const auto most = _mm_set1_epi8(static_cast<char>(last - first));
    return _mm_cmpeq_epi8(_mm_min_epu8(offset, most), offset);
  };
  const auto digits = _mm_or_si128(within('0', '9'), within('A', 'F'));
  const auto others = ~static_cast<unsigned>(_mm_movemask_epi8(digits));
  return static_cast<std::size_t>(std::countr_zero(others)) == size && rest[size + 1] == ' ' ? size
                                                                                             : 0;
#else
  return 0 * rest.size();
#endif
}

namespace {

// Where logs were made anonymous, or by hand, an id is a word of letters and figures like no
// Postfix makes.
bool may_be_made_up_id(std::string_view word) {
  constexpr std::size_t kSizeMin = 4;
  if (word.size() < kSizeMin || word.size() > kQueueIdBytesMax) return false;
  bool figure = false;
  for (const char c : word) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')) return false;
    figure = figure || digit;
  }
  return figure;
}

// What stands behind it tells it: nothing but a message's line goes on like that.
bool is_made_up_id(std::string_view word, std::string_view behind) {
  if (!may_be_made_up_id(word)) return false;
  // A part of an id, in a line that was damaged, would end another message.
  constexpr std::size_t kIdSizeMin = 6;
  if (behind == "removed") return word.size() >= kIdSizeMin;
  for (const std::string_view start :
       {"from=<", "to=<", "client=", "message-id=", "uid=", "sender non-delivery notification: ",
        "sender delay notification: ", "sender delivery status notification: ", "reject: ",
        "milter-reject: "}) {
    if (behind.starts_with(start)) return true;
  }
  return false;
}

}  // namespace

bool is_like_id(std::string_view id, std::string_view word) {
  return is_postfix_queue_id(word) || (!is_postfix_queue_id(id) && may_be_made_up_id(word));
}

std::optional<std::string_view> maybe_take_any_queue_id(std::string_view& rest) {
  const auto colon = position_of(rest.substr(0, kQueueIdBytesMax + 1), ':');
  if (colon + 1 >= rest.size() || rest[colon] != ':' || rest[colon + 1] != ' ') {
    return std::nullopt;
  }
  const auto word = rest.substr(0, colon);
  if (!is_postfix_queue_id(word) && !is_made_up_id(word, rest.substr(colon + 2))) {
    return std::nullopt;
  }
  rest.remove_prefix(colon + 2);
  return word;
}

namespace {

bool maybe_take_host_name(std::string_view& rest) {
  const auto size = std::min(rest.find_first_of(": "), rest.size());
  if (size == 0) return false;
  rest.remove_prefix(size);
  return true;
}

}  // namespace

std::optional<Peer> maybe_take_bare_host(std::string_view& rest) {
  auto left = rest;
  if (!maybe_take_host_name(left)) return std::nullopt;
  Peer peer;
  peer.host = rest.substr(0, rest.size() - left.size());
  if (peer.host.find('[') != std::string_view::npos) return std::nullopt;
  rest = left;
  return peer;
}

namespace {

// Programs that are one binary under several names print the same forms.
std::string_view family_of(std::string_view program) {
  constexpr std::pair<std::string_view, std::string_view> kFamilies[] = {
      {"lmtp", "smtp"},    {"oqmgr", "qmgr"},   {"nqmgr", "qmgr"},         {"retry", "error"},
      {"defer", "bounce"}, {"trace", "bounce"}, {"proxywrite", "proxymap"}};
  for (const auto& [name, family] : kFamilies) {
    if (name == program) return family;
  }
  return program;
}

}  // namespace

ParsedLine parse_tls(std::string_view text, SessionTls::Direction direction) {
  SessionTls tls;
  tls.direction = direction;
  if (!begins_with(text, "TLS ")) {  // before 2.5 no level
    const auto level = maybe_take_until(text, ' ');
    if (!level) return {};
    if (!is(*level, "Anonymous") && !is(*level, "Untrusted") && !is(*level, "Trusted") &&
        !is(*level, "Verified")) {
      return {};
    }
    tls.level = *level;
  }
  if (!maybe_take(text, "TLS connection ")) return {};
  if (!maybe_take(text, "established ") && !maybe_take(text, "reused ")) return {};
  if (!maybe_take(text, direction == SessionTls::Direction::inbound ? "from " : "to ")) return {};
  if (!maybe_take_peer(text, tls.peer)) {
    const auto bare = maybe_take_bare_host(text);  // as a client before 2.5
    if (!bare) return {};
    tls.peer = *bare;
  }
  if (maybe_take(text, " to ") && !maybe_take_host_name(text))
    return {};  // the name asked for: SNI
  if (!maybe_take(text, ": ")) return {};
  const auto protocol = maybe_take_word(text);
  if (!protocol || !maybe_take(text, " with cipher ")) return {};
  tls.protocol = *protocol;
  const auto cipher = maybe_take_word(text);
  if (!cipher || (!text.empty() && !begins_with(text, " ("))) return {};
  tls.cipher = *cipher;
  return {LineKind::postfix_tls, tls};
}

ParsedLine parse_general(const LineHeader& header, std::string_view text) {
  const auto program = family_of(agent_of(header));
  return first_reading(std::array{parse_warning, parse_known_line, parse_debug}, program, text);
}

}  // namespace rastro::postfix
