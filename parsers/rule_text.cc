#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/ascii.h"
#include "parsers/reply_mask.h"

namespace rastro {
namespace {

constexpr bool is_octal(char c) { return c >= '0' && c <= '7'; }

// U+00C0 to U+00FF without accents; '*' where there is no such letter.
constexpr std::string_view kPlainLetters =
    "aaaaaaaceeeeiiii*nooooo*ouuuuy*saaaaaaaceeeeiiii*nooooo*ouuuuy*y";
static_assert(kPlainLetters.size() == 64);
// U+0100 to U+017F: Polish, Czech, Turkish.
constexpr std::string_view kPlainExtended =
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii**jjkkklllllll"
    "lllnnnnnnnnnoooooo**rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
static_assert(kPlainExtended.size() == 128);

// Backslash escapes undone: Exim's octal bytes, and the line ends that it writes as \n and \r.
std::string without_escapes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) && is_octal(text[i + 2]) &&
        is_octal(text[i + 3])) {
      const int value = (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
      out.push_back(static_cast<char>(value & 0xff));
      i += 3;
    } else if (c == '\\' && i + 1 < text.size() &&
               (text[i + 1] == 'n' || text[i + 1] == 'r' || text[i + 1] == 't')) {
      out.push_back(' ');
      ++i;
    } else {
      out.push_back(c);
    }
  }
  return out;
}

// What a byte of plain ASCII becomes; 0: it needs a closer look.
constexpr auto kPlainBytes = [] {
  std::array<char, 256> out{};
  for (unsigned c = 0; c < 0x80; ++c) {
    out[c] = c <= ' ' || c == 0x7f ? ' ' : lower(static_cast<char>(c));
  }
  return out;
}();

// Lower case and unaccented, blanks and control bytes as single blanks.
std::string plain(std::string_view text) {
  std::string out(text.size(), '\0');
  std::size_t size = 0;
  char last = ' ';  // no blank at the start
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = byte(i);
    char plain = kPlainBytes[c];
    if (plain == '\0') {
      plain = text[i];
      if (c == 0xc3 && byte(i + 1) >= 0x80 && byte(i + 1) <= 0xbf) {
        plain = kPlainLetters[byte(++i) - 0x80];
      } else if ((c == 0xc4 || c == 0xc5) && byte(i + 1) >= 0x80 && byte(i + 1) <= 0xbf) {
        plain = kPlainExtended[(c - 0xc4U) * 64 + byte(++i) - 0x80];
      } else if (c == 0xe2 && byte(i + 1) == 0x80 && (byte(i + 2) & 0xfeU) == 0x98) {
        plain = '\'';  // typographic apostrophes
        i += 2;
      } else if (c == 0xc2 && byte(i + 1) == 0xa0) {
        plain = ' ';
        ++i;
      } else if (c >= 0xc0 && (byte(i + 1) & 0xc0U) != 0x80) {
        plain = kPlainLetters[c - 0xc0];  // Latin-1
      }
    }
    if (plain == ' ' && last == ' ') continue;
    out[size++] = last = plain;
  }
  if (size > 0 && last == ' ') --size;
  out.resize(size);
  return out;
}

// "550-" or "550 " at `at`, the first in its line or in the text.
bool is_code_at(std::string_view text, std::size_t at) {
  return at + 3 < text.size() && (text[at] == '4' || text[at] == '5') && is_digit(text[at + 1]) &&
         is_digit(text[at + 2]) && (text[at + 3] == '-' || text[at + 3] == ' ') &&
         (at == 0 || text[at - 1] == ' ');
}

std::size_t status_end(std::string_view text, std::size_t at) {
  auto i = at;
  int dots = 0;
  while (i < text.size() && (is_digit(text[i]) || text[i] == '.')) dots += text[i++] == '.' ? 1 : 0;
  return dots == 2 ? i : at;
}

// The first code at or behind `from`; npos if there is none.
std::size_t find_code(std::string_view text, std::size_t from) {
  if (from == 0) {
    if (is_code_at(text, 0)) return 0;
    from = 1;
  }
  for (auto at = text.find(' ', from - 1); at != std::string_view::npos;
       at = text.find(' ', at + 1)) {
    if (is_code_at(text, at + 1)) return at + 1;
  }
  return std::string_view::npos;
}

// A multi-line reply repeats its codes before each line: once is enough, so that sentences hang
// together.
void drop_repeated_codes(std::string& kept) {
  const std::string_view text = kept;
  const auto first = find_code(text, 0);
  if (first == std::string_view::npos) return;
  const auto code = text.substr(first, 3);
  std::string out;
  std::size_t done = 0;
  for (auto at = find_code(text, first + 4); at != std::string_view::npos;) {
    if (text.substr(at, 3) != code) {
      at = find_code(text, at + 1);
      continue;
    }
    out.append(text, done, at - done);
    done = status_end(text, at + 4);
    if (done < text.size() && text[done] == ' ') ++done;
    at = find_code(text, done);
  }
  if (done == 0) return;
  out.append(text, done);
  kept = std::move(out);
}

// "<anything>" as "<@>"; links stay.
void drop_bracketed_names(std::string& kept) {
  const std::string_view text = kept;
  std::string out;
  std::size_t done = 0;
  for (auto at = text.find('<'); at != std::string_view::npos;) {
    auto next = at + 1;
    if (!text.substr(next).starts_with("http")) {
      const auto end = text.find_first_of("<> ", next);
      if (end != std::string_view::npos && text[end] == '>') {
        const bool is_mark = end == next + 1 && text[next] == '@';
        if (!is_mark) {
          out.append(text, done, next - done).append("@>");
          done = end + 1;
        }
        next = end + 1;
      }
    }
    at = text.find('<', next);
  }
  if (done == 0) return;
  out.append(text, done);
  kept = std::move(out);
}

// Words of Postfix (src/smtp/smtp_addr.c, smtp_trouble.c), Exim (src/transports/smtp.c,
// src/retry.c) and Sendmail behind which a host or domain is named.
constexpr std::array<std::string_view, 8> kBeforeNames = {
    "host ", "name=", "for '", "mail for ", "look up host ", "domain ", "server for ", "host '"};
constexpr auto kMayBegin = [] {
  std::array<bool, 256> out{};
  for (const auto words : kBeforeNames) out[static_cast<unsigned char>(words.front())] = true;
  return out;
}();

// How many of the bytes of `text` are a name with a dot within.
std::size_t host_name_size(std::string_view text) {
  const auto end = std::min(text.find_first_of(" '\"[]()<>,:;"), text.size());
  const auto dot = text.substr(0, end).find('.');
  return dot == std::string_view::npos || dot == 0 || dot + 1 >= end ? 0 : end;
}

// The name behind those words as "@".
void drop_host_names(std::string& kept) {
  const std::string_view text = kept;
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t taken = 0;
    if (kMayBegin[static_cast<unsigned char>(text[at])]) {
      for (const auto words : kBeforeNames) {
        const auto rest = text.substr(at);
        if (!rest.starts_with(words)) continue;
        const auto name = host_name_size(rest.substr(words.size()));
        if (name == 0) continue;
        out.append(text, done, at + words.size() - done).push_back('@');
        taken = words.size() + name;
        done = at + taken;
        break;
      }
    }
    if (taken > 0) {
      at += taken;
      // What stands behind a name may begin a word only behind a blank or a colon.
      if (at < text.size() && text[at - 1] != ' ' && text[at - 1] != ':') {
        at = std::min(text.find_first_of(" :", at), text.size() - 1) + 1;
      }
      continue;
    }
    at = std::min(text.find_first_of(" :", at), text.size() - 1) + 1;
  }
  if (done == 0) return;
  out.append(text, done);
  kept = std::move(out);
}

bool is_figure(char c) { return c >= '0' && c <= '9'; }

// Cisco's mail gateways label a reply by its status and quote it behind the label: "5.7.1 -
// delivery not authorized, message refused 554-'your ip has a poor reputation' (delivery attempts:
// 0)". The label is the same for every 5.7.1.
void drop_gateway_label(std::string& text) {
  constexpr std::size_t kLabelMax = 70;
  constexpr std::string_view kMark = " - ";
  if (text.size() < 12 || !is_figure(text[0]) || text[1] != '.') return;
  const auto label = text.find(kMark);
  if (label == std::string::npos || label > 8) return;
  const auto quote = text.find_first_of("'\"", label);
  if (quote == std::string::npos || quote > label + kLabelMax) return;
  auto code = quote;
  while (code > 0 && (text[code - 1] == '-' || text[code - 1] == '[')) --code;
  if (code < label + kMark.size() + 4 || code == quote) return;
  code -= 3;
  if (text[code - 1] != ' ' || !is_figure(text[code]) || !is_figure(text[code + 2])) return;
  const auto end = text.rfind(text[quote]);
  std::string reply = text.substr(code, 3) + " ";
  reply += text.substr(quote + 1, end > quote ? end - quote - 1 : std::string::npos);
  text = std::move(reply);
}

// Exchange Online gives up as "550 5.4.300 message expired -> 451 4.4.0 no answer", or with a cause
// of its own in between or alone, "550 5.4.316 message expired, connection refused"; Amazon SES as
// "554 4.4.7 message expired: unable to deliver in # minutes.<451 4.4.0 no answer>": that the time
// was up says less than what the last attempt met.
void drop_expiry(std::string& text) {
  constexpr std::string_view kExpired = "message expired";
  constexpr std::size_t kCodesMax = 16;
  constexpr std::size_t kTimeMax = 48;
  constexpr std::size_t kCauseMax = 96;
  const auto at = text.find(kExpired);
  if (at > kCodesMax) return;
  const auto end = at + kExpired.size();
  const bool cause = std::string_view(text).substr(end).starts_with(", ");
  const auto arrow = text.find(" -> ", end);
  if ((arrow == end || (cause && arrow < end + kCauseMax)) && arrow + 4 < text.size()) {
    text.erase(0, arrow + 4);
    return;
  }
  if (cause) {
    text.erase(at, kExpired.size() + 2);
    return;
  }
  const auto open = text.find('<', end);
  if (text[end] != ':' || open > end + kTimeMax || open + 1 >= text.size()) return;
  if (!is_figure(text[open + 1])) return;
  if (text.back() == '>') text.pop_back();
  text.erase(0, open + 1);
}

// qmail (qmail-remote.c) around a reply: "# does not like recipient. remote host said: 550 no
// giving up on #." As unwrap() gives it.
void unwrap_qmail(std::string& text) {
  struct Stage {
    std::string_view words;
    std::string_view command;
  };
  constexpr std::string_view kSaid = "remote host said: ";
  constexpr std::string_view kGivingUp = " giving up on ";
  constexpr std::array kStages = {Stage{"does not like recipient. ", "rcpt to"},
                                  Stage{"but sender was rejected. ", "mail from"},
                                  Stage{"failed on data command. ", "data"},
                                  Stage{"failed after i sent the message. ", "end of data"}};
  constexpr std::size_t kHostMax = 80;
  const auto at = text.find(kSaid);
  if (at > kHostMax || at + kSaid.size() + 3 > text.size()) return;
  auto reply = std::string_view(text).substr(at + kSaid.size());
  if (!is_figure(reply[0]) || !is_figure(reply[1]) || !is_figure(reply[2])) return;
  const auto before = std::string_view(text).substr(0, at);
  std::string_view command;
  for (const auto& stage : kStages) {
    if (before.ends_with(stage.words)) command = stage.command;
  }
  if (command.empty() && !before.empty()) return;
  reply = reply.substr(0, reply.rfind(kGivingUp));
  std::string out(reply);
  if (!command.empty()) out.append(" (in reply to ").append(command).append(" command)");
  text = std::move(out);
}

// The MTA's own words around a reply, in one form whoever wrote them: the reply first, then the
// command as Postfix tells it. "smtp error from remote mail server after pipelined rcpt to:<@>:
// host mx [#]: 550 no" and "host # said: 550 no (in reply to rcpt to command)" both become
// "550 no (in reply to rcpt to command)", so that no rule meets the words of the wrapping.
void unwrap(std::string& text) {
  constexpr std::string_view kSuspended = "delivery temporarily suspended: ";
  constexpr std::string_view kSaid = "host # said: ";
  constexpr std::string_view kRefused = "refused to talk to me: ";
  constexpr std::string_view kExim = "smtp error from remote mail server after ";
  constexpr std::string_view kPipelined = "pipelined ";
  // The type of a report's diagnostic: "smtp; 550 no".
  if (text.starts_with("smtp;")) text.erase(0, text.find_first_not_of(' ', 5));
  drop_gateway_label(text);
  if (text.starts_with(kSuspended)) text.erase(0, kSuspended.size());
  if (text.starts_with(kSaid)) text.erase(0, kSaid.size());
  if (std::string_view(text).substr(0, 7 + kRefused.size()).ends_with(kRefused) &&
      text.starts_with("host # ")) {
    text.erase(0, 7);
  }
  drop_expiry(text);
  unwrap_qmail(text);
  if (!text.starts_with(kExim)) return;
  auto rest = std::string_view(text).substr(kExim.size());
  if (rest.starts_with(kPipelined)) rest.remove_prefix(kPipelined.size());
  std::string_view command;
  for (const std::string_view known :
       {"rcpt to", "mail from", "end of data", "data", "initial connection", "ehlo", "helo"}) {
    if (rest.starts_with(known)) {
      command = known;
      break;
    }
  }
  const auto end = rest.find(": ");
  if (command.empty() || end == std::string_view::npos) return;
  auto reply = rest.substr(end + 2);
  if (reply.starts_with("host ")) {
    const auto host_end = reply.find("]: ");
    if (host_end == std::string_view::npos) return;
    reply.remove_prefix(host_end + 3);
  }
  std::string out;
  if (command == "initial connection") {
    out.append(kRefused).append(reply);
  } else {
    out.append(reply).append(" (in reply to ").append(command).append(" command)");
  }
  text = std::move(out);
}

}  // namespace

std::string rule_text(std::string_view masked) {
  const bool escapes = masked.find('\\') != std::string_view::npos;
  auto text = escapes ? plain(without_escapes(masked)) : plain(masked);
  unwrap(text);
  drop_repeated_codes(text);
  drop_bracketed_names(text);
  drop_host_names(text);
  return text;
}

}  // namespace rastro
