// Which of a leg's recipients an address is, and what stands beside its mailbox.
#include <algorithm>
#include <iterator>

#include "core/address.h"
#include "daemon/correlate/leg_updates.h"
#include "daemon/correlate/own_words.h"

namespace rastro {
namespace {

bool is_login_of(std::string_view login, std::string_view address) {
  return login.size() < address.size() && address[login.size()] == '@' &&
         equal_ignoring_case(address.substr(0, login.size()), login);
}

bool is_mailbox_of(std::string_view recipient, std::string_view address) {
  return is_same_recipient(recipient, address) || is_login_of(recipient, address);
}

bool went_beside_mailbox(const LegRecipient& known) {
  return known.outcome == Outcome::delivered &&
         (known.delivered_to == DeliveredTo::program || known.delivered_to == DeliveredTo::file);
}

// "ORCPT=rfc822;ana@example.org" style prefixes are not logged by Postfix; kept as the log has it.
bool is_first_sight_of(const LegRecipient& known, std::string_view recipient,
                       std::string_view original) {
  // Exim names the address as received until a router has rewritten it.
  return !known.original_recipient && is_same_recipient(known.recipient, original) &&
         (!is_final(known.outcome) ||
          (went_beside_mailbox(known) && (answers_by_itself(known.agent, known.reply_text) ||
                                          is_mailbox_of(recipient, original))));
}

// Exim names who is received from a local program as that typed it, and adds the domain when it
// routes: "for ana", then "=> ana <ana@example.org>".
bool was_typed_as(const LegRecipient& known, std::string_view address) {
  return known.outcome == Outcome::queued && known.attempts == 0 && !known.original_recipient &&
         is_login_of(known.recipient, address);
}

// Policy servers and milters, which see the recipients as the client named them: a filter behind
// the queue knows them by what aliases made of them.
bool speaks_during_dialogue(std::string_view source) {
  constexpr std::string_view kSources[] = {"postgrey", "sqlgrey",        "milter-greylist",
                                           "policyd",  "policyd-weight", "rspamd"};
  return std::ranges::find(kSources, source) != std::end(kSources);
}

}  // namespace

bool is_same_recipient(std::string_view a, std::string_view b) {
  const auto first = split_address(a);
  const auto second = split_address(b);
  return first.local_part == second.local_part && equal_ignoring_case(first.domain, second.domain);
}

LegRecipient* LegUpdates::find_recipient(LegRecord& leg, std::string_view recipient,
                                         std::optional<std::string_view> original) const {
  LegRecipient* unresolved = nullptr;
  LegRecipient* typed = nullptr;
  for (auto& known : leg.recipients) {
    const bool same_original =
        known.original_recipient.has_value() == original.has_value() &&
        (!original || is_same_recipient(*known.original_recipient, *original));
    if (same_original && is_same_recipient(known.recipient, recipient)) return &known;
    // Exim names who was redirected in full while he waits, and by his login once he has it.
    if (same_original && original && is_login_of(recipient, known.recipient)) return &known;
    if (unresolved == nullptr && original && is_first_sight_of(known, recipient, *original)) {
      unresolved = &known;
    }
    if (typed == nullptr && leg.mta == Mta::exim &&
        was_typed_as(known, original.value_or(recipient))) {
      typed = &known;
    }
  }
  if (unresolved != nullptr) {
    unresolved->recipient = recipient;
    unresolved->original_recipient = *original;
    return unresolved;
  }
  if (typed != nullptr) {
    typed->recipient = recipient;
    if (original) typed->original_recipient = *original;
  }
  return typed;
}

LegRecipient* LegUpdates::recipient_for(LegRecord& leg, std::string_view recipient,
                                        std::optional<std::string_view> original) const {
  if (auto* known = find_recipient(leg, recipient, original)) return known;
  if (leg.recipients.size() >= limits_.recipients_max) {
    ++refused_;
    return nullptr;
  }
  auto& added = leg.recipients.emplace_back();
  added.recipient = cut(recipient);
  if (original) set_text(added.original_recipient, cut(*original));
  return &added;
}

// The end of an address that is its mailbox, by whichever name the log calls it.
LegRecipient* LegUpdates::mailbox_of(LegRecord& leg, std::string_view address) {
  for (auto& known : leg.recipients) {
    if (is_same_recipient(known.original_recipient.value_or(known.recipient), address) &&
        is_mailbox_of(known.recipient, address)) {
      return &known;
    }
  }
  return nullptr;
}

// Exim's automatic answer: another message, made for a recipient of this one. What answers says
// nothing of the mailbox, which another transport serves; alone, it is what became of the mail.
std::int32_t LegUpdates::apply_answer(LegRecord& leg, const DeliveryAttempt& event,
                                      std::string_view address, Time at) const {
  auto* known = mailbox_of(leg, address);
  if (known != nullptr && (known->attempts > 0 || !waits(known->outcome))) return -1;
  auto answered = event;
  answered.delivered_to = DeliveredTo::program;
  if (answered.reply_text.empty()) answered.reply_text = event.file_or_command;
  if (known == nullptr) known = recipient_for(leg, address, std::nullopt);
  return known == nullptr ? -1 : apply_to(leg, *known, answered, at);
}

// Of what has been told of the address itself so far: a program or file beside it. The mailbox has
// the say, and this is its first attempt.
void LegUpdates::forget_what_went_beside(LegRecipient& known, const DeliveryAttempt& event) {
  const bool beside = event.delivered_to == DeliveredTo::program ||
                      event.delivered_to == DeliveredTo::file || !event.file_or_command.empty() ||
                      event.agent == known.agent;
  if (!went_beside_mailbox(known) || beside) return;
  known.attempts = 0;
  known.first_attempt_at.reset();
}

// By a line that is about no delivery: while none was tried, or he would be told twice, as named
// here and as he was called by then.
void LegUpdates::name_waiting(LegRecord& leg, std::string_view address) const {
  const bool tried = std::ranges::any_of(
      leg.recipients, [](const LegRecipient& known) { return known.attempts > 0; });
  if (!tried && is_open(leg)) recipient_for(leg, address, std::nullopt);
}

void LegUpdates::name_told(LegRecord& leg, const CompanionFact& event) const {
  if (leg.queue_id.empty() || !speaks_during_dialogue(event.source)) return;
  if (event.recipient && !event.recipient->empty()) name_waiting(leg, *event.recipient);
  if (event.source != "rspamd") return;
  for (std::size_t i = 0; i < event.value_count; ++i) {
    auto list = event.values[i].value;
    // A quoted local part may hold a comma.
    if (event.values[i].name != "recipients" || list.find('"') != std::string_view::npos) continue;
    while (!list.empty()) {
      const auto address = list.substr(0, list.find(','));
      list.remove_prefix(std::min(address.size() + 1, list.size()));
      if (!address.empty()) name_waiting(leg, address);
    }
  }
}

}  // namespace rastro
