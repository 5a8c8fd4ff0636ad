#include "daemon/bounce/tables.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/address.h"
#include "daemon/bounce/address.h"
#include "daemon/bounce/cause.h"
#include "daemon/bounce/reply.h"

namespace rastro {
namespace {

constexpr std::size_t kHeadMax = 32'000;

void add_row(std::string_view address, std::string_view said, const BounceLimits& limits,
             std::vector<BounceRecipient>& out) {
  const bool known = std::ranges::any_of(out, [&](const BounceRecipient& r) {
    return equal_ignoring_case(r.recipient.value, address);
  });
  if (known || out.size() >= limits.recipients_max) return;
  out.emplace_back();
  out.back().recipient = {tidy(address, limits.value_bytes_max), kFromNotice};
  if (!said.empty()) describe(said, limits, out.back());
}

// The value of a key that tells what the server said.
std::string said_in_json(std::string_view head) {
  static const RE2 form(
      R"re((?i)"(?:diagnostic[_-]?code|diagnostic|smtp[_-]?response|response|message|error|description|reason|detail)"\s*:\s*"((?:[^"\\]|\\.)+)")re");
  re2::StringPiece rest(head.data(), head.size());
  std::string value;
  while (RE2::FindAndConsume(&rest, form, &value)) {
    if (best_reply(value).score != 0) return value;
  }
  return {};
}

std::vector<BounceRecipient> of_json(std::string_view notice, const BounceLimits& limits) {
  constexpr int kKeysMin = 3;
  static const RE2 key(R"re("[A-Za-z_-]+"\s*:)re");
  static const RE2 recipient(
      std::string(
          R"re((?i)"(?:bounced?_?recipients?|recipients?|email_?address|rcpt(?:[_-]?to)?|final_?recipient|to_?address|to_?email|destinatario)"\s*:\s*\[?\s*"<?()re") +
      address_pattern() + R"re()>?")re");
  static const RE2 code(R"re((?i)"(?:code|smtp_?code|status_?code)"\s*:\s*"?([45]\d\d)\b)re");
  const auto head = notice.substr(0, kHeadMax);
  re2::StringPiece rest(head.data(), head.size());
  int keys = 0;
  while (keys < kKeysMin && RE2::FindAndConsume(&rest, key)) ++keys;
  if (keys < kKeysMin) return {};
  const auto said = said_in_json(head);
  std::vector<BounceRecipient> out;
  rest = re2::StringPiece(head.data(), head.size());
  std::string address;
  while (RE2::FindAndConsume(&rest, recipient, &address)) add_row(address, said, limits, out);
  std::string digits;
  if (out.size() == 1 && !out.front().reply_code &&
      RE2::PartialMatch(re2::StringPiece(head.data(), head.size()), code, &digits))
    out.front().reply_code = {digits, kFromNotice};
  return out;
}

std::vector<std::string_view> cells_of(std::string_view line, char mark) {
  std::vector<std::string_view> out;
  while (true) {
    const auto end = std::min(line.find(mark), line.size());
    auto cell = trim(line.substr(0, end));
    if (cell.size() > 1 && cell.starts_with('"') && cell.ends_with('"'))
      cell = cell.substr(1, cell.size() - 2);
    out.push_back(cell);
    if (end == line.size()) return out;
    line.remove_prefix(end + 1);
  }
}

// Which column holds the recipients, if the line is a heading that names senders as well.
std::optional<std::size_t> recipient_column(const std::vector<std::string_view>& cells) {
  constexpr std::array kRecipients = {"destinatario", "destinatarios", "recipient",  "recipients",
                                      "to",           "para",          "rcpt",       "rcpt to",
                                      "destinataire", "empfänger",     "destinatari"};
  constexpr std::array kSenders = {"remitente", "sender",     "from",     "de",       "origen",
                                   "mail from", "expéditeur", "absender", "mittente", "emisor"};
  const auto is_in = [](const auto& names, std::string_view cell) {
    return std::ranges::any_of(names,
                               [&](std::string_view n) { return equal_ignoring_case(n, cell); });
  };
  if (cells.size() < 3) return std::nullopt;
  if (std::ranges::none_of(cells, [&](auto c) { return is_in(kSenders, c); })) return std::nullopt;
  const auto found = std::ranges::find_if(cells, [&](auto c) { return is_in(kRecipients, c); });
  if (found == cells.end()) return std::nullopt;
  return static_cast<std::size_t>(found - cells.begin());
}

std::vector<BounceRecipient> of_rows(const NoticeText& notice, const BounceLimits& limits) {
  constexpr std::size_t kLineMax = 2'000;
  std::vector<BounceRecipient> out;
  std::optional<std::size_t> column;
  char mark = '\0';
  std::size_t width = 0;
  for (const auto& line : notice.lines) {
    const auto text = line.text.substr(0, kLineMax);
    if (!column) {
      for (const char candidate : {'|', ';', '\t', ','}) {
        const auto cells = cells_of(text, candidate);
        column = recipient_column(cells);
        mark = candidate;
        width = cells.size();
        if (column) break;
      }
      continue;
    }
    const auto cells = cells_of(text, mark);
    if (cells.size() < width) continue;
    const auto named = addresses_in(cells[*column], 1);
    if (named.empty()) continue;
    std::string_view said;
    for (const auto cell : cells) {
      if (best_reply(cell).score != 0) said = cell;
    }
    add_row(named.front(), said, limits, out);
  }
  return out;
}

}  // namespace

std::vector<BounceRecipient> recipients_of_table(const NoticeText& notice,
                                                 const BounceLimits& limits) {
  auto out = of_json(notice.notice, limits);
  return out.empty() ? of_rows(notice, limits) : out;
}

}  // namespace rastro
