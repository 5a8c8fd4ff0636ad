#include <array>

#include "parsers/exim/destination.h"
#include "parsers/exim/fields.h"
#include "parsers/exim/line.h"
#include "parsers/scan.h"

// What happens to a queued message besides attempts: src/queue.c queue_action(), src/deliver.c
// deliver_message(), src/receive.c, src/transports/smtp.c write_logs().
namespace rastro::exim {
namespace {

using Action = QueueAction::Action;

ParsedLine action(const Line& line, Action what, std::string_view by, std::string_view text = {}) {
  QueueAction event;
  event.queue_id = line.queue_id;
  event.action = what;
  event.by = by;
  event.text = text;
  return {LineKind::exim_queue_action, event};
}

ParsedLine note(const Line& line, Note::About about = Note::About::other) {
  return {LineKind::exim_note, Note{line.queue_id, about, line.text}};
}

// "Completed", "Completed QT=12s".
ParsedLine parse_completed(const Line& line) {
  auto rest = line.text;
  if (!maybe_take(rest, "Completed")) return {};
  if (!rest.empty() && (!maybe_take(rest, " QT=") || !is_time(rest))) return {};
  return {LineKind::exim_completed, Removed{line.queue_id, Removed::By::queue_manager}};
}

// "Frozen (delivery error message)", "Frozen by the system filter: text", "Frozen: text",
// "Message is frozen", "frozen by ACL", "*** Frozen" in message logs only.
ParsedLine parse_frozen(const Line& line) {
  auto rest = line.text;
  if (rest == "Message is frozen") return action(line, Action::still_held, {});
  if (maybe_take(rest, "frozen by ") && !rest.empty()) return action(line, Action::held, rest);
  if ((maybe_take(rest, "Unfrozen by ") || maybe_take(rest, "unfrozen by ")) && !rest.empty()) {
    return action(line, Action::released, rest);
  }
  if (!maybe_take(rest, "Frozen")) return {};
  if (maybe_take(rest, " by the system filter")) {
    const std::string_view by = "the system filter";
    if (rest.empty()) return action(line, Action::held, by);
    if (maybe_take(rest, ": ")) return action(line, Action::held, by, rest);
    return {};
  }
  if (rest.empty()) return action(line, Action::held, {});
  if (maybe_take(rest, " (") && rest.ends_with(')')) {
    rest.remove_suffix(1);
    return action(line, Action::held, {}, rest);
  }
  if (maybe_take(rest, ": ")) return action(line, Action::held, {}, rest);
  return {};
}

// "cancelled by timeout_frozen_after", "cancelled by system filter: text", "removed by root".
ParsedLine parse_ended(const Line& line) {
  auto rest = line.text;
  if (maybe_take(rest, "removed by ") && !rest.empty()) return action(line, Action::deleted, rest);
  if (!maybe_take(rest, "cancelled by ") || rest.empty()) return {};
  auto text = rest;
  if (maybe_take(text, "system filter: ")) {
    return action(line, Action::cancelled, "system filter", text);
  }
  return action(line, Action::cancelled, rest);
}

// "address <a> marked delivered by root", "recipient <a> added by root",
// "sender address changed to <a> by root".
ParsedLine parse_edited(const Line& line) {
  struct Form {
    std::string_view before, behind;
    Action action;
  };
  static constexpr std::array<Form, 3> kForms = {{
      {"address ", " marked delivered by ", Action::marked_delivered},
      {"recipient ", " added by ", Action::recipient_added},
      {"sender address changed to ", " by ", Action::sender_changed},
  }};
  for (const auto& form : kForms) {
    auto rest = line.text;
    if (!maybe_take(rest, form.before)) continue;
    const auto address = maybe_take_address(rest);
    if (!address || !maybe_take(rest, form.behind) || rest.empty()) return {};
    auto parsed = action(line, form.action, rest);
    std::get<QueueAction>(parsed.event).address = *address;
    return parsed;
  }
  return {};
}

// What a program or a file did not take: "|/usr/bin/prog arg <a@b>".
bool take_recipient_of_command(std::string_view& rest, std::string_view& address) {
  for (unsigned reading = 0; reading < kReadingsMax; ++reading) {
    auto tail = rest;
    Destination destination;
    if (!take_destination(tail, reading, destination)) return false;
    if (!destination.original || !tail.starts_with(": error ignored")) continue;
    address = *destination.original;
    rest = tail;
    return true;
  }
  return false;
}

// "a@b: error ignored", "a@b <parent>: error ignored: RFC 3461 DSN, ...". The address is a
// stranger's and may hold blanks, so its end is the form's only text.
ParsedLine parse_error_ignored(const Line& line) {
  auto rest = line.text;
  std::string_view address;
  if (rest.starts_with('|') || rest.starts_with('/')) {
    if (!take_recipient_of_command(rest, address)) return {};
  } else {
    const auto final = maybe_take_mailbox(rest);
    if (!final) return {};
    address = *final;
    if (address.ends_with(':') && rest.starts_with(" error ignored")) {
      address.remove_suffix(1);
      rest = std::string_view(rest.data() - 1, rest.size() + 1);
    } else if (!maybe_take(rest, ' ') || !maybe_take_address(rest)) {
      return {};
    }
  }
  if (!maybe_take(rest, ": error ignored") || address.empty()) return {};
  if (!rest.empty() && !maybe_take(rest, ": ")) return {};
  auto parsed = action(line, Action::error_ignored, {}, rest);
  std::get<QueueAction>(parsed.event).address = address;
  return parsed;
}

// "Spool file is locked (another process is handling this message)" and, since 4.8x, with the id.
ParsedLine parse_locked(const Line& line) {
  auto rest = line.text;
  if (!maybe_take(rest, "Spool file ")) return {};
  auto id = line.queue_id;
  if (maybe_take(rest, "for ")) {
    const auto named = maybe_take_message_id(rest);
    if (!named) return {};
    id = *named;
  }
  if (rest != "is locked (another process is handling this message)") return {};
  QueueAction event;
  event.queue_id = id;
  event.action = Action::skipped;
  event.text = line.text;
  return {LineKind::exim_queue_action, event};
}

// "H=mx [ip]:25 Connection refused", "H=mx [ip]: SMTP error from ...": one host of several.
// "H=mx [ip] TLS error on connection (recv): ..." too.
ParsedLine parse_host_failure(const Line& line) {
  auto rest = line.text;
  Host host;
  if (line.queue_id.empty() || !maybe_take(rest, "H=") || rest.starts_with('(')) return {};
  const auto name = maybe_take_word(rest);
  if (!name || !maybe_take(rest, ' ')) return {};
  maybe_take(rest, "DS ");
  if (!rest.starts_with('[') || !take_client(rest, 0, host)) return {};
  HostFailure event;
  event.queue_id = line.queue_id;
  event.relay = host.peer;
  event.relay.host = *name;
  maybe_take(rest, ':');
  if (!maybe_take(rest, ' ') || rest.empty()) return {};
  if (rest.starts_with("F=<")) return {};  // a client, not a relay
  event.text = rest;
  const bool tls = rest.starts_with("TLS error on connection");
  return {tls ? LineKind::exim_tls_failure : LineKind::exim_host_failure, event};
}

// Before 4.83 without "H=" also where there was no dialogue: "mx [ip] Connection refused",
// "mx [ip]:26 Operation timed out"; src/transports/smtp.c smtp_deliver(), the words strerror()'s.
ParsedLine parse_oldest_host_failure(const Line& line) {
  auto rest = line.text;
  const auto name = maybe_take_word(rest);
  if (!name ||
      name->find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "0123456789.-_") != std::string_view::npos ||
      name->find('.') == std::string_view::npos) {
    return {};
  }
  rest = line.text;
  Host host;
  if (!take_client(rest, 0, host) || host.helo || !maybe_take(rest, ' ')) return {};
  for (const std::string_view words :
       {"Connection refused", "Connection timed out", "Operation timed out", "No route to host",
        "Network is unreachable", "Network unreachable", "Connection reset by peer", "Host is down",
        "Permission denied", "Operation not permitted", "Broken pipe",
        "Cannot assign requested address", "Can't assign requested address"}) {
    if (!rest.starts_with(words)) continue;
    HostFailure event;
    event.queue_id = line.queue_id;
    event.relay = host.peer;
    event.text = rest;
    return {LineKind::exim_host_failure, event};
  }
  return {};
}

// Before 4.88 without "H=": "SMTP error from remote mail server after MAIL FROM:<a>: host mx [ip]:
// 450 no", "SMTP timeout while connected to mx [ip] after EHLO x: text", "Remote host mx [ip]
// closed connection in response to initial connection"; src/transports/smtp.c check_response().
ParsedLine parse_old_host_failure(const Line& line) {
  auto rest = line.text;
  if (maybe_take(rest, "SMTP error from remote mail server after ") ||
      maybe_take(rest, "LMTP error from remote mail server after ")) {
    maybe_take(rest, "pipelined ");
    if ((maybe_take(rest, "MAIL FROM:") || maybe_take(rest, "RCPT TO:")) &&
        !maybe_take_address(rest)) {
      return {};
    }
    if (!maybe_take_until(rest, ": host ")) {
      // Somebody took the host out: the reply is still one to this message.
      if (!maybe_take_until(rest, ": ") || reply_codes_of(rest).code == 0) return {};
      return {LineKind::exim_host_failure, HostFailure{line.queue_id, {}, line.text}};
    }
  } else if (!maybe_take(rest, "SMTP timeout while connected to ") &&
             !maybe_take(rest, "Remote host ")) {
    return parse_oldest_host_failure(line);
  }
  Host host;
  if (!take_client(rest, 0, host)) return {};
  if (!rest.starts_with(": ") && !rest.starts_with(" after ") &&
      !rest.starts_with(" closed connection")) {
    return {};
  }
  HostFailure event;
  event.queue_id = line.queue_id;
  event.relay = host.peer;
  event.text = line.text;
  return {LineKind::exim_host_failure, event};
}

// "name authenticator failed H=mx [ip] text", "DANE attempt failed; TLS connection to mx [ip]: ",
// "text: delivering unencrypted to H=mx [ip] (not in hosts_require_tls)", before 4.88 without "H=".
ParsedLine parse_outgoing_trouble(const Line& line) {
  auto rest = line.text;
  const auto text = line.text;
  constexpr std::string_view kUnencrypted = ": delivering unencrypted to ";
  // The TLS library's text stands in front; the host behind the last mark is Exim's.
  if (const auto at = rest.rfind(kUnencrypted);
      at != std::string_view::npos && rest.ends_with(" (not in hosts_require_tls)")) {
    rest.remove_prefix(at + kUnencrypted.size());
    maybe_take(rest, "H=");
  } else if (!maybe_take(rest, "DANE attempt failed; TLS connection to ") &&
             !maybe_take(rest, "Failed to connect to ")) {
    const auto name = maybe_take_word(rest);
    if (!name || !(maybe_take(rest, " authenticator failed H=") ||
                   maybe_take(rest, " authenticator cancelled authentication H="))) {
      return {};
    }
  }
  Host host;
  if (!take_client(rest, 0, host)) return {};
  HostFailure event;
  event.queue_id = line.queue_id;
  event.relay = host.peer;
  event.text = text;
  return {LineKind::exim_host_failure, event};
}

// A TLS failure on the way out, "TLS session: (SSL_connect): error: delivering unencrypted to H=":
// src/transports/smtp.c; the text in front is the library's.
struct NoteForm {
  std::string_view start;
  Note::About about;
};
// Beginnings of lines that name a message and change nothing about it. src/receive.c, deliver.c,
// daemon.c, exim.c unless said otherwise.
constexpr NoteForm kNotes[] = {
    {"no immediate delivery: ", Note::About::other},
    {"Delivery deferred by system filter", Note::About::put_off},
    {"Error in system filter: ", Note::About::put_off},
    {"Message removed because older than ", Note::About::other},
    {"Message abandoned: ", Note::About::queue_error},
    {"Spool write error: ", Note::About::queue_error},
    {"Format error in spool file ", Note::About::queue_error},
    {"Error reading spool file ", Note::About::queue_error},
    {"Spool error: no recipients for ", Note::About::queue_error},
    {"Spool error for ", Note::About::queue_error},
    {"spoolfile error on close: ", Note::About::queue_error},
    {"Error while reading message with ", Note::About::queue_error},
    {"Process failed (", Note::About::other},
    {"redirection process ", Note::About::other},
};

// The system filter addressed the message anew, and those who were addressed get nothing:
// src/deliver.c.
ParsedLine parse_recipients_ignored(const Line& line) {
  if (line.text != "original recipients ignored (system filter)") return {};
  PolicyVerdict event;
  event.queue_id = line.queue_id;
  event.action = PolicyVerdict::Action::recipients_replaced;
  event.stage = "END-OF-MESSAGE";
  event.reply_text = line.text;
  return {LineKind::exim_policy, event};
}

ParsedLine parse_note(const Line& line) {
  if (line.queue_id.empty()) return {};
  for (const auto& form : kNotes) {
    if (line.text.starts_with(form.start)) return note(line, form.about);
  }
  return {};
}

// "<a@b>: local_delivery transport output: text", src/deliver.c post_process_one().
ParsedLine parse_transport_output(const Line& line) {
  auto rest = line.text;
  if (!maybe_take_address(rest) || !maybe_take(rest, ": ")) return {};
  if (!maybe_take_word(rest) || !maybe_take(rest, " transport output: ")) return {};
  return note(line);
}

// "appendfile transport process vanished unexpectedly", src/deliver.c deliver_local().
ParsedLine parse_transport_trouble(const Line& line) {
  auto rest = line.text;
  if (!maybe_take_word(rest) || !maybe_take(rest, " transport process ")) return {};
  if (rest != "vanished unexpectedly" && !rest.starts_with("returned non-zero status ")) return {};
  return note(line, Note::About::queue_error);
}

}  // namespace

ParsedLine parse_queue_line(const Line& line) {
  using Parser = ParsedLine (*)(const Line&);
  static constexpr Parser kWithId[] = {
      parse_completed,
      parse_frozen,
      parse_ended,
      parse_edited,
      parse_host_failure,
      parse_locked,
      parse_recipients_ignored,
      parse_note,
      parse_transport_output,
      parse_transport_trouble,
      parse_outgoing_trouble,
      parse_old_host_failure,
      parse_error_ignored,
  };
  if (line.queue_id.empty()) return parse_locked(line);
  return first_reading(kWithId, line);
}

}  // namespace rastro::exim
