#include <algorithm>
#include <string>

#include "core/address.h"
#include "parsers/exim/destination.h"
#include "parsers/exim/escapes.h"
#include "parsers/exim/fields.h"
#include "parsers/exim/line.h"
#include "parsers/scan.h"

// "=>" "->" ">>" "*>" "**" "==": src/deliver.c delivery_log(), failure_log(), deferral_log(),
// src/retry.c retry_update(), src/receive.c (blackholed messages).
namespace rastro::exim {
namespace {

// The reply of another host inside Exim's own words: "SMTP error from remote mail server after
// RCPT TO:<a>: 550 5.1.1 no" (src/transports/smtp.c check_response()), "LMTP error after ..."
// (src/transports/lmtp.c), "PRDR error after DATA: 450 ..." for one recipient of several
// (src/transports/smtp.c), and before 4.90 "...: host mx [ip]: 550 ...". Empty if there is none.
std::string_view remote_reply(std::string_view text) {
  if (!maybe_take(text, "SMTP error from remote mail server after ") &&
      !maybe_take(text, "SMTP error from remote mailer after ") &&
      !maybe_take(text, "LMTP error after ") && !maybe_take(text, "PRDR error after ")) {
    return {};
  }
  maybe_take(text, "pipelined ");
  if (maybe_take(text, "MAIL FROM:") || maybe_take(text, "RCPT TO:")) {
    if (!maybe_take_address(text)) return {};
  }
  if (!maybe_take_until(text, ": ")) return {};
  if (maybe_take(text, "host ") && !maybe_take_until(text, "]: ")) return {};
  return text;
}

void set_reply(DeliveryAttempt& event, std::string_view text) {
  event.reply_text = text;
  const auto codes = reply_codes_of(remote_reply(text));
  event.reply_code = codes.code;
  event.enhanced_status = codes.enhanced_status;
}

void set_destination(DeliveryAttempt& event, const Destination& destination) {
  event.recipient = destination.recipient;
  // What a system filter sends somewhere was addressed to nobody.
  event.by_system_filter = destination.original == "system-filter";
  if (!event.by_system_filter) event.original_recipient = destination.original;
  const auto final = destination.final;
  if (final.starts_with('|') || final.starts_with('/') || final.starts_with('>') ||
      final.starts_with("save ")) {
    event.file_or_command = final;
  }
}

DeliveredTo place_of(const DeliveryAttempt& event, std::string_view final) {
  if (final.starts_with('/') || final.starts_with("save ")) return DeliveredTo::file;
  if (final.starts_with('|') || final.starts_with('>')) return DeliveredTo::program;
  if (!event.relay.ip.empty()) return DeliveredTo::remote;
  // A list's address is piped to Mailman (cPanel's mailman_virtual_transport, Debian's
  // mailman_transport); version 3 is spoken to as a host.
  return event.agent.starts_with("mailman") ? DeliveredTo::program : DeliveredTo::mailbox;
}

// C="250 OK id=1abc..." from another Exim, C="250 2.0.0 Ok: queued as ID" from a Postfix.
void set_confirmation(DeliveryAttempt& event, std::string_view escaped) {
  const auto text = without_escapes(escaped);
  event.reply_text = text;
  const auto codes = reply_codes_of(text);
  event.reply_code = codes.code;
  event.enhanced_status = codes.enhanced_status;
  event.queued_as = queued_as(text);
}

// A local delivery shows the local part alone; the mailbox server's confirmation names it in full:
// "=> info <any@example.org> ... C="250 2.0.0 <info@example.org> id Saved"".
void complete_from_confirmation(DeliveryAttempt& event) {
  if (!event.recipient || event.recipient->empty() || !event.original_recipient ||
      event.recipient->find('@') != std::string_view::npos || !event.file_or_command.empty()) {
    return;
  }
  auto reply = event.reply_text;
  if (!maybe_take_until(reply, " <")) return;
  const auto address = maybe_take_until(reply, "> ");
  if (!address || address->find('<') != std::string_view::npos) return;
  const auto at = address->rfind('@');
  if (at == std::string_view::npos ||
      !equal_ignoring_case(address->substr(0, at), *event.recipient)) {
    return;
  }
  event.recipient = *address;
}

// "=> blackhole (DATA ACL discarded recipients): text", "=> discarded (system filter)": the whole
// message, with no recipient named.
ParsedLine parse_discarded_message(const Line& line, std::string_view rest) {
  PolicyVerdict event;
  event.queue_id = line.queue_id;
  event.action = PolicyVerdict::Action::discard;
  event.stage = "END-OF-MESSAGE";
  event.reply_text = rest;
  return {LineKind::exim_policy, event};
}

bool is_flag(std::string_view text) {
  return text.size() > 3 && text[2] == ' ' &&
         (text[1] == '>' ? text[0] == '=' || text[0] == '-' || text[0] == '>' || text[0] == '*'
                         : text.starts_with("**") || text.starts_with("=="));
}

// Of a line that has something unknown in it, all that stands before it is known.
Fields no_fields(const Line& line) {
  Fields fields;
  fields.skip_unknown = line.in_part;
  return fields;
}

// What is of no form and names nobody: else the destination may not be what it looks like.
bool may_be_left_out(const Line& line, std::string_view unknown) {
  return line.in_part && unknown.find('@') == std::string_view::npos;
}

// A filter or an alias that throws it away: "=> /dev/null <a@b> R=r T=address_file". What a
// transport does with it stands in the settings; of one with such a name it is plain. A file that
// is named is where it went, and so is a host.
bool is_thrown_away(const DeliveryAttempt& event, std::string_view final) {
  if (final == "/dev/null") return true;
  if (!event.file_or_command.empty() || !event.relay.ip.empty()) return false;
  constexpr std::string_view kNames[] = {"devnull",   "dev_null",  "dev-null", "null",
                                         "blackhole", "bitbucket", "discard"};
  return std::ranges::any_of(kNames, [&](std::string_view name) {
    auto transport = event.agent;
    if (transport.ends_with("_transport") || transport.ends_with("_delivery"))
      transport = transport.substr(0, transport.rfind('_'));
    return equal_ignoring_case(transport, name);
  });
}

// One reading of "=> destination fields"; false if the line does not agree with it.
bool read_sent(const Line& line, unsigned reading, DeliveryAttempt& event) {
  auto rest = line.text.substr(3);
  Destination destination;
  auto fields = no_fields(line);
  if (!take_destination(rest, reading, destination)) return false;
  const bool all = take_fields(rest, Place::delivery, 0, fields) && rest.empty();
  if (!all && !may_be_left_out(line, rest)) return false;
  const auto final = destination.final;
  const bool discarded =
      destination.recipient != ":" && (final == ":blackhole:" || final == "discarded");
  if (!discarded && fields.transport.empty()) return false;

  event.queue_id = line.queue_id;
  event.agent = fields.transport;
  event.router = fields.router;
  event.relay = fields.host.peer;
  event.delay = fields.queue_time;
  event.tls = fields.tls;
  event.dkim_signed = fields.dkim;
  event.envelope_sender = fields.envelope_sender;
  if (discarded) {
    event.recipient = destination.original;
    event.status = DeliveryStatus::discarded;
    return destination.original.has_value();
  }
  set_destination(event, destination);
  event.status = is_thrown_away(event, final) ? DeliveryStatus::discarded : DeliveryStatus::sent;
  if (event.status == DeliveryStatus::sent) event.delivered_to = place_of(event, final);
  if (fields.confirmation) {
    set_confirmation(event, *fields.confirmation);
    if (event.relay.ip.empty()) complete_from_confirmation(event);
  }
  return true;
}

bool is_expiry(std::string_view text) {
  // src/retry.c; src/transports/smtp.c when every host has failed past its retry time.
  return text.starts_with("retry timeout exceeded") ||
         (text.ends_with(": retry timeout exceeded") && !remote_reply(text).starts_with('5')) ||
         (text.starts_with("all hosts ") && text.ends_with("(and retry time not reached)"));
}

// The text behind the fields: empty, or ": text", " (text)". deliver_time comes at its end.
bool read_text(std::string_view rest, std::string_view& text) {
  text = {};
  if (rest.empty()) return true;
  const auto at = rest.rfind(" DT=");
  if (at != std::string_view::npos && is_time(rest.substr(at + 4))) rest = rest.substr(0, at);
  if (auto words = rest; maybe_take(words, " (") && words.ends_with(')')) {  // since 4.100
    words.remove_suffix(1);
    text = words;
    return !text.empty();
  }
  if (!maybe_take(rest, ':') && !maybe_take(rest, " :"))
    return false;  // "CV=yes : text" of cPanel's, and of all since 4.100
  maybe_take(rest, ' ');
  text = rest;
  return true;
}

// The same where something unknown may stand in front of it.
bool read_text(const Line& line, std::string_view rest, std::string_view& text) {
  if (read_text(rest, text)) return true;
  const auto colon = rest.find(": ");
  if (!may_be_left_out(line, rest.substr(0, colon))) return false;
  text = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 2);
  return true;
}

bool read_failed(const Line& line, unsigned reading, DeliveryAttempt& event) {
  auto rest = line.text.substr(3);
  Destination destination;
  auto fields = no_fields(line);
  std::string_view text;
  if (!take_destination(rest, reading, destination)) return false;
  // src/deliver.c with mua_wrapper, where one failure fails all.
  if (rest == " mua_wrapper forced failure for deferred delivery" ||
      rest == " routing yielded a failed delivery" ||
      rest == " routing yielded a deferred delivery" ||
      rest == " routing yielded a local delivery" || rest == " routing yielded a file delivery" ||
      rest == " routing yielded a pipe delivery" || rest == " routing yielded a unknown delivery") {
    text = rest.substr(1);
  } else {
    const bool all = take_fields(rest, Place::failure, 0, fields);
    if ((!all && !line.in_part) || !read_text(line, rest, text)) return false;
  }
  event.queue_id = line.queue_id;
  set_destination(event, destination);
  event.agent = fields.transport;
  event.router = fields.router;
  event.relay = fields.host.peer;
  event.tls = fields.tls;
  event.envelope_sender = fields.envelope_sender;
  event.status = is_expiry(text) ? DeliveryStatus::expired : DeliveryStatus::bounced;
  set_reply(event, text);
  return true;
}

// "(-44)" or "(111)" as written.
bool take_code(std::string_view& rest, int& code) {
  auto tail = rest;
  if (!maybe_take(tail, '(')) return false;
  const bool negative = maybe_take(tail, '-');
  if (auto mark = tail; const auto word = maybe_take_until(mark, ')')) {
    if (is_masked(*word)) {
      code = 1;
      rest = mark;
      return !negative;
    }
  }
  const auto number = maybe_take_number(tail);
  if (!number || *number > 9999 || !maybe_take(tail, ')')) return false;
  code = static_cast<int>(negative ? -static_cast<std::int64_t>(*number)
                                   : static_cast<std::int64_t>(*number));
  rest = tail;
  return true;
}

// No try was made: "retry time not reached" and its kin have the numbers below ERRNO_RETRY_BASE,
// which moved by one when ERRNO_TAINT came in between (src/macros.h).
bool is_bookkeeping(int code, std::string_view text) {
  if (code <= -52 && code >= -57) return true;
  // src/deliver.c: routed, and left for a queue run; the latter two in older versions.
  if (text.starts_with("first-pass only routing due to -odqs") ||
      text == "SMTP delivery explicitly queued" ||
      text == "domain matches queue_smtp_domains, or -odqs set") {
    return true;
  }
  if (code != -51 && code != 0) return false;
  if (text.starts_with("retry time not reached") || text.starts_with("Retry time not yet reached"))
    return true;
  if (code != 0) return false;
  // Since 4.100 there are words instead of the number (src/log.c exim_errstrings).
  for (const std::string_view words :
       {"Not time for routing", "Not time for local delivery", "Not time for any remote host",
        "Local-only delivery", "Domain in queue_domains", "Transport concurrency limit",
        "remote deliveries suppressed", "domain is in queue_domains"}) {
    if (text == words) return true;
  }
  return false;
}

// Where strerror()'s words end: it writes no colon and no equals sign.
std::string_view take_system_error(std::string_view& rest) {
  std::size_t end = 0;
  while (end < rest.size() && !rest.substr(end).starts_with(": ") &&
         !rest.substr(end).starts_with(" H=") && !rest.substr(end).starts_with(" DT=")) {
    ++end;
  }
  const auto words = rest.substr(0, end);
  rest.remove_prefix(end);
  return words;
}

// Exim's words behind the system's own, "No space left on device: error while writing to ...";
// where fields stood between the two they are put together in a buffer of this thread, good until
// the next call.
std::string_view with_system_error(std::string_view system_error, std::string_view words) {
  const auto between = words.data() - (system_error.data() + system_error.size());
  if (between == 2) return {system_error.data(), system_error.size() + 2 + words.size()};
  static thread_local std::string both;
  return both.assign(system_error).append(": ").append(words);
}

bool read_deferred(const Line& line, unsigned reading, DeliveryAttempt& event) {
  auto rest = line.text.substr(3);
  Destination destination;
  auto fields = no_fields(line);
  int code = 0;
  if (!take_destination(rest, reading, destination)) return false;
  if (!take_fields(rest, Place::failure, 0, fields)) return false;
  maybe_take(rest, " routing");
  std::string_view system_error;
  if (maybe_take(rest, " defer")) {
    if (auto left = rest; maybe_take(left, ' ') && take_code(left, code)) {
      rest = left;
    } else if (maybe_take(rest, " (")) {  // 4.100 has words in the code's place
      const auto words = maybe_take_until(rest, ')');
      if (!words || words->empty()) return false;
      system_error = *words;
    } else if (!rest.empty() && rest[0] != ' ' && rest[0] != ':') {
      return false;
    }
  } else if (!rest.starts_with(": ")) {  // hands that copy logs leave "defer" out
    return false;
  }
  if (code > 0) {
    if (!maybe_take(rest, ": ")) return false;
    system_error = take_system_error(rest);
  }
  if (!take_fields(rest, Place::failure, 0, fields)) return false;
  auto text = system_error;
  std::string_view said;  // by another host, perhaps
  if (maybe_take(rest, ": ")) {
    said = rest;
    text = code > 0 ? with_system_error(system_error, rest) : rest;
  } else if (!rest.empty() && rest != ":") {
    return false;
  }
  event.queue_id = line.queue_id;
  set_destination(event, destination);
  event.agent = fields.transport;
  event.router = fields.router;
  event.relay = fields.host.peer;
  event.envelope_sender = fields.envelope_sender;
  event.status = DeliveryStatus::deferred;
  event.bookkeeping = is_bookkeeping(code, text);
  set_reply(event, said);
  event.reply_text = text;
  return true;
}

// What a line with a flag says in the first reading that agrees with it.
LineKind read_attempt(const Line& line, DeliveryAttempt& event) {
  const bool arrow = line.text[1] == '>';
  const auto read = arrow ? read_sent : line.text[0] == '*' ? read_failed : read_deferred;
  for (unsigned reading = 0; reading < kReadingsMax; ++reading) {
    if (reading > 0) event = {};
    if (!read(line, reading, event)) continue;
    if (arrow) return LineKind::exim_delivery;
    return line.text[0] == '*' ? LineKind::exim_failure : LineKind::exim_deferral;
  }
  return LineKind::unrecognised;
}

// With -N the message goes through the motions: no more tries, and nothing was delivered.
ParsedLine parse_not_delivered(const Line& line) {
  return read_event<DeliveryAttempt>(line.queue_id, [&](DeliveryAttempt& event) {
    const auto kind = read_attempt(line, event);
    event.status = DeliveryStatus::discarded;
    event.delivered_to = DeliveredTo::nowhere;
    return kind;
  });
}

}  // namespace

Event what_is_known_of_delivery(Line line) {
  line.in_part = true;
  return line.queue_id.empty() || line.reading > 0 ? Event() : parse_delivery(line).event;
}

ParsedLine parse_delivery(const Line& line) {
  if (line.queue_id.empty() || !is_flag(line.text)) return {};
  const auto rest = line.text.substr(3);
  const bool arrow = line.text[1] == '>';
  if (arrow && (rest.starts_with("blackhole (") || rest == "discarded (system filter)")) {
    return parse_discarded_message(line, rest);
  }
  if (rest == "mua_wrapper is set but recipients cannot all be delivered in one transaction") {
    QueueAction event;
    event.queue_id = line.queue_id;
    event.action = QueueAction::Action::cancelled;
    event.by = "mua_wrapper";
    event.text = rest;
    return {LineKind::exim_failure, event};
  }
  if (arrow && line.text[0] == '*') return parse_not_delivered(line);
  auto attempt = read_event<DeliveryAttempt>(
      line.queue_id, [&](DeliveryAttempt& event) { return read_attempt(line, event); });
  // Why local_scan() threw it away is said in the site's own words.
  if (attempt.kind == LineKind::unrecognised && arrow && rest.starts_with("blackhole ")) {
    return parse_discarded_message(line, rest);
  }
  return attempt;
}

}  // namespace rastro::exim
