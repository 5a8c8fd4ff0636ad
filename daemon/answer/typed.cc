#include "daemon/answer/typed.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "config/quantity.h"
#include "core/address.h"
#include "daemon/times/plain_signs.h"

namespace rastro {
namespace {

constexpr char kQuote = '\x22';

constexpr std::array<std::string_view, 4> kBlanks = {" ", "\t", "\r", "\n"};

std::string_view trimmed(std::string_view text) {
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto blank : kBlanks) {
      if (text.starts_with(blank)) {
        text.remove_prefix(blank.size());
        changed = true;
      }
      if (text.ends_with(blank)) {
        text.remove_suffix(blank.size());
        changed = true;
      }
    }
  }
  return text;
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && equal_ignoring_case(text.substr(0, prefix.size()), prefix);
}

std::size_t find_ignoring_case(std::string_view text, std::string_view part) {
  for (std::size_t at = 0; at + part.size() <= text.size(); ++at) {
    if (equal_ignoring_case(text.substr(at, part.size()), part)) return at;
  }
  return std::string_view::npos;
}

// A quoted local part has its quotes to itself.
bool has_quoted_local_part(std::string_view text) {
  return text.starts_with(kQuote) && text.find("\"@") != std::string_view::npos;
}

using Pair = std::pair<std::string_view, std::string_view>;
constexpr std::array<Pair, 9> kAround = {{{"<", ">"},
                                          {"\"", "\""},
                                          {"'", "'"},
                                          {"`", "`"},
                                          {"(", ")"},
                                          {"[", "]"},
                                          {"\xe2\x80\x9c", "\xe2\x80\x9d"},
                                          {"\xe2\x80\x98", "\xe2\x80\x99"},
                                          {"\xc2\xab", "\xc2\xbb"}}};

// Without quotes and brackets around all of it, and without marks of the sentence behind it.
std::string_view bared(std::string_view text, std::string_view marks) {
  for (auto before = text.size() + 1; text.size() < before;) {
    before = text.size();
    text = trimmed(text);
    if (has_quoted_local_part(text) && !text.ends_with(kQuote)) {
      while (text.size() > 1 && marks.find(text.back()) != std::string_view::npos)
        text.remove_suffix(1);
      continue;
    }
    for (const auto& [open, close] : kAround) {
      const bool whole = text.size() > open.size() + close.size() && text.starts_with(open) &&
                         text.ends_with(close);
      if (!whole) continue;
      text.remove_prefix(open.size());
      text.remove_suffix(close.size());
    }
    while (text.size() > 1 && marks.find(text.back()) != std::string_view::npos)
      text.remove_suffix(1);
  }
  return text;
}

// What stands in the last "<...>", where something stands before or behind it.
std::string_view bracketed(std::string_view text) {
  const auto open = text.rfind('<');
  if (open == std::string_view::npos) return text;
  const auto close = text.find('>', open);
  if (close == std::string_view::npos || close == open + 1) return text;
  return text.substr(open + 1, close - open - 1);
}

// "juan at example.org", "juan (arroba) example.org"; unchanged when it is no such thing.
std::string with_at_sign(std::string_view text) {
  constexpr std::array<std::string_view, 9> kAts = {
      " arroba ", "(arroba)", "[arroba]", "{at}", "(at)", "[at]", "(a)", " at ", " @ "};
  for (const auto at : kAts) {
    const auto found = find_ignoring_case(text, at);
    if (found == std::string_view::npos || found == 0) continue;
    auto out = std::string(trimmed(text.substr(0, found))) + "@" +
               std::string(trimmed(text.substr(found + at.size())));
    for (const std::string_view dot :
         {" (dot) ", " [dot] ", " {dot} ", " (punto) ", " [punto] ", " punto ", " dot ", "(dot)",
          "[dot]", "{dot}", "(punto)", "[punto]", " . "}) {
      for (auto place = find_ignoring_case(out, dot); place != std::string::npos;
           place = find_ignoring_case(out, dot))
        out.replace(place, dot.size(), ".");
    }
    if (out.find(' ') == std::string::npos) return out;
  }
  return std::string(text);
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// "=3C" or "%3C" to '<', for the signs that matter in an address or id; else unchanged.
std::string decoded(std::string_view text, char mark) {
  constexpr std::string_view kMeant = "<>@+ ";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == mark && i + 2 < text.size()) {
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      const auto sign = static_cast<char>(high * 16 + low);
      if (high >= 0 && low >= 0 && (sign == mark || kMeant.find(sign) != std::string_view::npos)) {
        out += sign;
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

// "juan%40example.org" out of a link. An address with an '@' of its own may have any '%'.
std::string url_decoded(std::string_view text) {
  return text.find('@') == std::string_view::npos &&
                 find_ignoring_case(text, "%40") != std::string_view::npos
             ? decoded(text, '%')
             : std::string(text);
}

// "=3Cabc=40example.org=3E", and a line that was broken with a '=' at its end.
std::string quoted_printable_decoded(std::string_view text) {
  std::string joined(text);
  for (const std::string_view soft : {"=\r\n", "=\n"}) {
    for (auto at = joined.find(soft); at != std::string::npos; at = joined.find(soft, at))
      joined.erase(at, soft.size());
  }
  const bool has_at = joined.find('@') != std::string::npos;
  const bool is_coded = find_ignoring_case(joined, "=3C") != std::string_view::npos ||
                        (!has_at && joined.find("=40") != std::string::npos);
  return is_coded ? decoded(joined, '=') : joined;
}

// A Message-ID that a mail program folded: no id has blanks.
std::string without_line_breaks(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r' && text[i] != '\n') {
      out += text[i];
      continue;
    }
    while (i + 1 < text.size() &&
           (text[i + 1] == ' ' || text[i + 1] == '\t' || text[i + 1] == '\n'))
      ++i;
  }
  return out;
}

// "Juan Perez juan@example.org", "juan@example.org (Juan)": the only word that may be an address.
std::string_view only_word_with_at_sign(std::string_view text) {
  if (text.starts_with(kQuote) || text.find(" @") != std::string_view::npos ||
      text.find("@ ") != std::string_view::npos)
    return text;
  const auto at = text.find('@');
  if (at == std::string_view::npos || text.find('@', at + 1) != std::string_view::npos) return text;
  const auto before = text.rfind(' ', at);
  auto word = text.substr(before == std::string_view::npos ? 0 : before + 1);
  word = word.substr(0, word.find(' '));
  return bared(word, ",;:.");
}

// "juan @ example.org": no address has blanks beside its '@'.
std::string without_blanks_at_sign(std::string text) {
  const auto at = text.rfind('@');
  if (at == std::string::npos || text.starts_with(kQuote)) return text;
  return std::string(trimmed(std::string_view(text).substr(0, at))) + "@" +
         std::string(trimmed(std::string_view(text).substr(at + 1)));
}

// "IPv6:2001:db8::7": how an address stands in SMTP.
std::string_view without_literal_tag(std::string_view host) {
  constexpr std::string_view kTag = "IPv6:";
  return starts_with_ignoring_case(host, kTag) ? host.substr(kTag.size()) : host;
}

// An IPv6 address can be written in many ways; servers log the shortest, in small letters.
std::string as_logged(std::string host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (inet_pton(AF_INET6, host.c_str(), address.data()) != 1) return host;
  return inet_ntop(AF_INET6, address.data(), text.data(), text.size());
}

// "192.0.2.1:25", "mx.example.org:25": an IPv6 address has more than one colon.
std::string_view without_port(std::string_view host) {
  constexpr std::size_t kDigitsMax = 5;
  const auto colon = host.find(':');
  if (colon == std::string_view::npos || colon == 0 || host.find('/') < colon) return host;
  const auto port = host.substr(colon + 1);
  const bool is_port = !port.empty() && port.size() <= kDigitsMax &&
                       port.find_first_not_of("0123456789") == std::string_view::npos;
  return is_port ? host.substr(0, colon) : host;
}

// "198.51.*" may be one, "999.51.*" never.
bool is_byte_pattern(std::string_view pattern) {
  constexpr std::size_t kDigitsMax = 3;
  for (;;) {
    const auto dot = std::min(pattern.find('.'), pattern.size());
    const auto part = pattern.substr(0, dot);
    if (part.find_first_of("*?") == std::string_view::npos) {
      int value = 0;
      for (const char digit : part.substr(0, kDigitsMax)) value = value * 10 + (digit - '0');
      if (part.size() > kDigitsMax || value > UINT8_MAX) return false;
    }
    if (dot == pattern.size()) return true;
    pattern.remove_prefix(dot + 1);
  }
}

}  // namespace

std::string typed_address(std::string_view typed) {
  const auto plain = url_decoded(with_plain_signs(typed));
  auto bare = trimmed(plain);
  for (const std::string_view name : {"to=", "from=", "orig_to=", "for ", "F=", "R="}) {
    if (bare.starts_with(name) && bare.substr(name.size()).starts_with('<')) {
      bare.remove_prefix(name.size());
      bare = bare.substr(0, bare.find('>') + 1);
      break;
    }
  }
  if (bare == "<>") return "<>";
  constexpr std::string_view kMarks = ",;:.";
  auto end = bare;
  while (!end.empty() && kMarks.find(end.back()) != std::string_view::npos) end.remove_suffix(1);
  if (end.ends_with('>') && !(end.starts_with('<') && end.rfind('<') > 0)) bare = bracketed(end);
  const bool has_domain = bare.find('@') != std::string_view::npos;
  bare = bared(bare, has_domain ? kMarks : ",;:");
  for (const std::string_view scheme : {"mailto:", "smtp:", "rfc822;"}) {
    if (!starts_with_ignoring_case(bare, scheme)) continue;
    bare = trimmed(bare.substr(scheme.size()));
    if (scheme == "mailto:") bare = bare.substr(0, bare.find('?'));
  }
  if (bare.size() > 1 && bare.starts_with('<') && bare.find('>') == std::string_view::npos)
    bare.remove_prefix(1);
  if (bare.size() > 1 && bare.ends_with('>') && bare.find('<') == std::string_view::npos)
    bare.remove_suffix(1);
  bare = only_word_with_at_sign(bare);
  if (bare.find('@') == std::string_view::npos || bare.find(" @ ") != std::string_view::npos)
    return without_blanks_at_sign(with_at_sign(bare));
  return without_blanks_at_sign(std::string(bare));
}

std::string typed_queue_id(std::string_view text) {
  const auto plain = with_plain_signs(text);
  auto bare = bared(plain, ",;:.");
  for (const std::string_view before : {" as ", "id="}) {
    const auto found = bare.rfind(before);
    if (found != std::string_view::npos) bare = bared(bare.substr(found + before.size()), ",;:.");
  }
  return std::string(bare);
}

std::string typed_message_id(std::string_view text) {
  auto plain = quoted_printable_decoded(url_decoded(with_plain_signs(text)));
  for (const auto& [entity, sign] : {Pair{"&lt;", "<"}, Pair{"&gt;", ">"}, Pair{"&amp;", "&"}}) {
    for (auto at = plain.find(entity); at != std::string::npos; at = plain.find(entity, at))
      plain.replace(at, entity.size(), sign);
  }
  auto bare = trimmed(plain);
  if (const auto inside = bracketed(bare); inside.size() < bare.size())
    return without_line_breaks(inside);
  bare = bared(bare, ",;");
  for (const std::string_view name :
       {"message-id:", "message-id=", "msgid=", "rfc822msgid:", "mid:", "mailto:", "id="}) {
    if (starts_with_ignoring_case(bare, name)) bare = bared(bare.substr(name.size()), ",;");
  }
  if (bare.size() > 1 && bare.starts_with('<')) bare.remove_prefix(1);
  if (bare.size() > 1 && bare.ends_with('>')) bare.remove_suffix(1);
  return without_line_breaks(bare);
}

std::string typed_domain(std::string_view text) {
  const auto plain = with_plain_signs(text);
  auto bare = bared(plain, ",;:.");
  if (const auto scheme = bare.find("://"); scheme != std::string_view::npos)
    bare = bare.substr(scheme + 3);
  bare = bare.substr(0, bare.find('/'));
  if (const auto at = bare.rfind('@'); at != std::string_view::npos && at > 0)
    bare = bare.substr(at + 1);
  if (const auto port = bare.find(':'); port != std::string_view::npos) bare = bare.substr(0, port);
  while (bare.size() > 1 && bare.ends_with('.')) bare.remove_suffix(1);
  return std::string(bare);
}

std::string typed_host(std::string_view text) {
  const auto plain = with_plain_signs(text);
  const auto bare = trimmed(plain);
  const auto open = bare.rfind('[');
  const auto close = open == std::string_view::npos ? open : bare.find(']', open);
  if (close != std::string_view::npos && close > open + 1 &&
      bare.find_first_of("*?") == std::string_view::npos)
    return as_logged(std::string(without_literal_tag(bare.substr(open + 1, close - open - 1))));
  return as_logged(std::string(without_literal_tag(without_port(bared(bare, ",;")))));
}

std::string_view why_no_host(std::string_view host) {
  constexpr std::string_view kNoAddress =
      "is no address; allowed: 192.0.2.7, 2001:db8::7, a block such as 192.0.2.0/24, a pattern "
      "such as 192.0.2.*, a host name";
  constexpr std::string_view kNoBlock =
      "is no block of addresses; allowed: 192.0.2.0/24, 2001:db8::/32";
  if (is_ip_or_cidr(host)) return {};
  const bool is_pattern = host.find_first_of("*?") != std::string_view::npos;
  const auto slash = host.find('/');
  const auto address = host.substr(0, slash);
  // No name of a host has a colon; that of a socket may (private/smtp, inet:localhost:24).
  const bool like_six =
      address.find(':') != std::string_view::npos &&
      address.find_first_not_of("0123456789abcdefABCDEF:.*?") == std::string_view::npos;
  // None ends in a number either; one of stars alone is any.
  const bool like_four = address.find_first_not_of("0123456789.*?") == std::string_view::npos &&
                         address.find_first_of("0123456789") != std::string_view::npos;
  if (!like_four && !like_six) return {};
  if (slash != std::string_view::npos) return kNoBlock;
  if (!is_pattern) return kNoAddress;
  return like_four && !is_byte_pattern(address) ? kNoAddress : std::string_view();
}

std::vector<std::string> queue_id_forms(const std::string& typed) {
  std::vector<std::string> forms{typed};
  auto capitals = typed;
  for (auto& c : capitals) {
    if ((c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F')) return forms;
    if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
  }
  if (capitals != typed) forms.push_back(capitals);
  return forms;
}

std::string_view why_no_address(std::string_view address) {
  if (address.empty() || address == "@" || address == "@." || address == "<" || address == ">")
    return "is empty; \"<>\" is the null reverse-path";
  if (address.starts_with(kQuote)) return {};
  if (address.find("@@") != std::string_view::npos)
    return "is no address: it has two @ in a row; a domain alone is @example.org";
  const auto at = address.find('@');
  // "a@x, b@y", "a@x b@y", "a@x y b@y", "a@x/b@y"
  const auto behind = at == std::string_view::npos ? at : address.find_first_of(" ,;/|&", at);
  if (behind != std::string_view::npos && address.find('@', behind) != std::string_view::npos)
    return "names several addresses; ask for one at a time";
  if (at == std::string_view::npos && address.find(' ') != std::string_view::npos)
    return "is no address; give one, the part before its @, or a pattern with *; a time goes with "
           "at";
  return {};
}

}  // namespace rastro
