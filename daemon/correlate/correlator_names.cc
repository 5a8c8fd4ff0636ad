// Lines that name an address and tell of no message by it: "no line names it" must not be said
// then.
#include <algorithm>
#include <array>

#include "core/ascii.h"
#include "daemon/correlate/correlator.h"

namespace rastro {
namespace {

constexpr std::size_t kNamesMax = 8;      // of one line
constexpr std::size_t kShownBytes = 200;  // of its text
constexpr std::size_t kAddressBytes = 320;

bool is_of_local_part(char c) {
  constexpr std::string_view kOthers = "!#$%&'*+/=?^_`{|}~.-";
  return is_alnum(c) || kOthers.find(c) != std::string_view::npos;
}
bool is_of_domain(char c) { return is_alnum(c) || c == '.' || c == '-'; }

// The next address in `text`, which is left behind it; empty: there is none.
std::string_view take_address_in(std::string_view& text) {
  while (true) {
    const auto at = text.find('@');
    if (at == std::string_view::npos) return {};
    auto begin = at;
    while (begin > 0 && is_of_local_part(text[begin - 1])) --begin;
    auto end = at + 1;
    while (end < text.size() && is_of_domain(text[end])) ++end;
    auto address = text.substr(begin, end - begin);
    const auto local_size = at - begin;
    text.remove_prefix(end);
    while (address.ends_with('.')) address.remove_suffix(1);
    // "to=ana@example.org" without its brackets.
    if (const auto mark = address.substr(0, local_size).find('='); mark != std::string_view::npos)
      address.remove_prefix(mark + 1);
    if (local_size > 0 && address.size() <= kAddressBytes && !address.starts_with('@') &&
        !address.ends_with('@'))
      return address;
  }
}

// The recipient in the name of what a companion told of a client: "client", its address, the
// sender, the recipient, each with a NUL behind it.
std::string_view recipient_in(std::string_view name) {
  if (!name.starts_with(std::string_view("client\0", 7)) || !name.ends_with('\0')) return {};
  name.remove_suffix(1);
  return name.substr(name.rfind('\0') + 1);
}

}  // namespace

void Correlator::name_seen(std::string_view host, std::string_view address, std::string_view text,
                           Time at, LineRef line) {
  Encounter seen;
  seen.host = host;
  seen.kind = Encounter::Kind::named;
  seen.at = at;
  seen.login = updates_.cut(address);
  seen.text = text.substr(0, kShownBytes);
  seen.line = line;
  sink_.on_encounter(std::move(seen));
}

void Correlator::tell_of_names(const LogLine& line, std::string_view text) {
  std::array<std::string_view, kNamesMax> told;
  std::size_t count = 0;
  for (auto rest = text; count < told.size();) {
    const auto address = take_address_in(rest);
    if (address.empty()) return;
    if (std::find(told.begin(), told.begin() + count, address) != told.begin() + count) continue;
    told[count++] = address;
    name_seen(line.header.host, address, text, line.header.logged_at, line.ref);
  }
}

// A dialogue is over: what a restriction remarked about a recipient ("reject_warning: RCPT ...")
// was about no message.
void Correlator::tell_of_remarks(const Session& dialogue) {
  const auto host = std::string_view(dialogue.name).substr(0, dialogue.name.find('\0'));
  for (const auto& verdict : dialogue.verdicts) {
    if (verdict.recipient)
      name_seen(host, *verdict.recipient, verdict.reply_text, verdict.at, verdict.line);
  }
}

// What a companion told was about no message that the mail server's own log has.
void Correlator::tell_of_companions_names(const Session& told) {
  for (const auto& note : told.mailboxes) {
    if (note.account.find('@') != std::string::npos)
      name_seen(told.client.host, note.account, note.folder.empty() ? note.text : note.folder,
                note.at, note.line);
  }
  if (told.facts.empty()) return;
  const auto& [fact, line] = told.facts.front();
  if (const auto recipient = recipient_in(told.name); recipient.find('@') != std::string_view::npos)
    name_seen(told.client.host, recipient, fact.source, told.last_at, line);
}

void Correlator::end_of_logs() {
  inbound_.expire(Time::max(), [this](const Session& over) { tell_of_remarks(over); });
  companions_.expire(Time::max(), [this](const Session& over) { tell_of_companions_names(over); });
}

}  // namespace rastro
