#include <algorithm>

#include "parsers/exim/fields.h"
#include "parsers/exim/line.h"
#include "parsers/scan.h"

// What was said to a client: refusals, warnings, lost sessions, failed logins. src/smtp_in.c,
// src/acl.c acl_warn(), src/receive.c, src/daemon.c handle_smtp_call().
namespace rastro::exim {
namespace {

// What an ACL refused is cut at this many characters (src/smtp_in.c smtp_handle_acl_fail()).
constexpr std::size_t kPlaceMax = 100;

PolicyVerdict verdict(const Line& line, const Host& host) {
  PolicyVerdict event;
  event.queue_id = line.queue_id;
  event.client = host.peer;
  event.helo = host.helo;
  return event;
}

void set_text(PolicyVerdict& event, std::string_view text) {
  event.reply_text = text;
  const auto codes = reply_codes_of(text);
  event.reply_code = codes.code;
  event.enhanced_status = codes.enhanced_status;
}

// The argument of MAIL, RCPT, VRFY or EXPN: "<a@b>" or bare, then ": text" or the end. An
// argument of kPlaceMax bytes may have been cut in the middle of an address.
bool take_argument(std::string_view& rest, std::string_view& address) {
  auto tail = rest;
  if (tail.starts_with('<')) {
    if (const auto whole = maybe_take_address(tail)) {
      address = *whole;
    } else {
      address = tail.substr(1, kPlaceMax - 1);
      tail.remove_prefix(std::min(tail.size(), kPlaceMax));
    }
    // An address that ended behind the cut has eaten the text; then the cut is its end.
    if (rest.size() - tail.size() > kPlaceMax) {
      address = rest.substr(1, kPlaceMax - 1);
      tail = rest.substr(kPlaceMax);
    }
  } else {
    const auto word = maybe_take_mailbox(tail);
    if (!word) return false;
    address = *word;
    if (address.ends_with(':') && address.size() <= kPlaceMax) {
      address.remove_suffix(1);
      tail = rest.substr(address.size());
    }
  }
  rest = tail;
  return true;
}

// ": text" or nothing.
bool take_reason(std::string_view rest, std::string_view& text) {
  text = {};
  if (rest.empty()) return true;
  if (!maybe_take(rest, ':')) return false;
  maybe_take(rest, ' ');
  text = rest;
  return true;
}

// A place that is free text up to ": text": what the client sent, or nothing.
bool take_free_place(std::string_view& rest) {
  const auto colon = rest.find(": ");
  rest = colon == std::string_view::npos ? rest.substr(rest.size()) : rest.substr(colon);
  return true;
}

struct Stage {
  std::string_view words;  // as the log has them
  std::string_view stage;  // as the event has them
};
constexpr Stage kStages[] = {
    {"during MIME ACL checks", "END-OF-MESSAGE"},
    {"after DATA PRDR", "END-OF-MESSAGE"},
    {"after DATA", "END-OF-MESSAGE"},
    {"DATA", "DATA"},
    {"PREDATA", "DATA"},
    {"RCPT ", "RCPT"},
    {"MAIL ", "MAIL"},
    {"VRFY ", "VRFY"},
    {"EXPN ", "EXPN"},
    {"ETRN ", "ETRN"},
    {"ATRN ", "ATRN"},            // since 4.99
    {"WELLKNOWN ", "WELLKNOWN"},  // since 4.98
    {"AUTH ", "AUTH"},
    {"MAILAUTH ", "AUTH"},
    {"STARTTLS", "STARTTLS"},
    {"EHLO or HELO ", "HELO"},
    {"connection ", "CONNECT"},
    {"DKIM ", "END-OF-MESSAGE"},
    {"PRDR ", "END-OF-MESSAGE"},
    {"QUIT", "QUIT"},
    {"NOTQUIT", "QUIT"},
};

bool comes_before_content(const Stage& stage) {
  return stage.stage != "END-OF-MESSAGE" && stage.stage != "QUIT";
}

// "[temporarily ]rejected WHAT[: text]" behind client and fields.
ParsedLine parse_rejected(std::string_view rest, PolicyVerdict event, const Fields& fields) {
  event.temporary = maybe_take(rest, "temporarily ");
  if (!maybe_take(rest, "rejected ")) return {};
  const Stage* stage = nullptr;
  for (const auto& known : kStages) {
    if (rest.starts_with(known.words)) {
      stage = &known;
      break;
    }
  }
  if (stage == nullptr) return {};
  // A message has its id from the content on: before, another reading is right.
  if (!event.queue_id.empty() && comes_before_content(*stage)) return {};
  rest.remove_prefix(stage->words.size());
  event.stage = stage->stage;
  event.envelope_sender = fields.envelope_sender;
  event.login = fields.login;

  std::string_view address;
  if (stage->stage == "RCPT" || stage->stage == "MAIL") {
    if (!take_argument(rest, address)) return {};
    (stage->stage == "RCPT" ? event.recipient : event.envelope_sender) = address;
  } else if (stage->words == "connection ") {
    if (!maybe_take(rest, "in \"connect\" ACL")) return {};
  } else if (stage->words.ends_with(' ') || stage->stage == "STARTTLS" || stage->stage == "QUIT") {
    if (!take_free_place(rest)) return {};
  }
  std::string_view text;
  if (!take_reason(rest, text)) return {};
  set_text(event, text);
  return {LineKind::exim_reject, event};
}

// Where smtp_read_error and "D=" come behind a client: " (error: Connection reset by peer) D=3s".
bool take_read_error_and_time(std::string_view rest) {
  if (rest.starts_with(" (error: ") || rest.starts_with(" (")) {
    rest.remove_prefix(2);
    if (!maybe_take_until(rest, ')')) return false;
  }
  if (rest.empty()) return true;
  return maybe_take(rest, " D=") && is_time(rest);
}

ParsedLine trouble(const Line& line, const Peer& client, std::string_view what,
                   std::string_view stage = {},
                   std::optional<std::string_view> sender = std::nullopt,
                   LineKind kind = LineKind::exim_session_trouble) {
  SessionTrouble event;
  event.client = client;
  event.what = what;
  event.stage = stage;
  event.queue_id = line.queue_id;
  event.envelope_sender = sender;
  return {kind, event};
}

ParsedLine turned_away(ParsedLine parsed) {
  std::get<SessionTrouble>(parsed.event).turned_away = true;
  return parsed;
}

// "... incomplete transaction (QUIT) from <a> for b c" behind the client; smtp_in.c with
// log_selector +smtp_incomplete_transaction.
ParsedLine parse_incomplete(const Line& line, std::string_view rest, const Client& client) {
  if (!maybe_take(rest, " incomplete transaction (")) return {};
  const auto what = maybe_take_until(rest, ')');
  if (!what) return {};
  SessionTrouble event;
  event.client = client.host.peer;
  event.helo = client.host.helo;
  event.what = "incomplete transaction";
  event.stage = *what;
  event.queue_id = line.queue_id;
  if (maybe_take(rest, " from ")) {
    event.envelope_sender = maybe_take_address(rest);
    if (!event.envelope_sender) return {};
  }
  if (maybe_take(rest, " for ")) {
    event.recipients = rest;
    rest = {};
  }
  if (!rest.empty()) return {};
  return {LineKind::exim_session_trouble, event};
}

// "... sender verify fail for <a>: text" comes before the refusal that it explains.
ParsedLine parse_sender_verify(const Line& line, std::string_view rest, const Client& client) {
  if (!maybe_take(rest, " sender verify ")) return {};
  PolicyVerdict event = verdict(line, client.host);
  event.temporary = maybe_take(rest, "defer for ");
  if (!event.temporary && !maybe_take(rest, "fail for ")) return {};
  event.action = PolicyVerdict::Action::info;
  event.stage = "MAIL";
  event.envelope_sender = maybe_take_address(rest);
  std::string_view text;
  if (!event.envelope_sender || !take_reason(rest, text)) return {};
  set_text(event, text);
  return {LineKind::exim_verification, event};
}

// "... F=<a> RCPT <b>: discarded by RCPT ACL: text" behind the client.
ParsedLine parse_discarded(const Line& line, std::string_view rest, const Client& client) {
  if (!maybe_take(rest, " F=")) return {};
  PolicyVerdict event = verdict(line, client.host);
  event.action = PolicyVerdict::Action::discard;
  event.stage = "RCPT";
  event.envelope_sender = maybe_take_address(rest);
  if (!event.envelope_sender || !maybe_take(rest, " RCPT ")) return {};
  std::string_view address;
  if (!take_argument(rest, address)) return {};
  event.recipient = address;
  if (!maybe_take(rest, ": discarded by ")) return {};
  if (!maybe_take(rest, "MAIL ACL") && !maybe_take(rest, "RCPT ACL")) return {};
  std::string_view text;
  if (!take_reason(rest, text)) return {};
  set_text(event, text);
  return {LineKind::exim_policy, event};
}

// "... a@b F=<s> rejected after DATA: R=... T=...": the next hop's answer to a message that was
// passed through while it came in (src/verify.c cutthrough_finaldot()).
ParsedLine parse_cutthrough(const Line& line, std::string_view rest, const Client& client) {
  if (line.queue_id.empty() || !maybe_take(rest, ' ')) return {};
  const auto recipient = maybe_take_mailbox(rest);
  // Without it the client's last field stands there: "X=TLS1.2:...:256 F=<s> rejected after DATA".
  if (!recipient || recipient->find('@') == std::string_view::npos) return {};
  if (!maybe_take(rest, " F=")) return {};
  PolicyVerdict event = verdict(line, client.host);
  event.recipient = *recipient;
  event.stage = "END-OF-MESSAGE";
  event.envelope_sender = maybe_take_address(rest);
  event.temporary = maybe_take(rest, " tmp-reject from cutthrough after DATA: ");
  if (!event.envelope_sender) return {};
  if (!event.temporary && !maybe_take(rest, " rejected after DATA: ")) return {};
  event.reply_text = rest;
  return {LineKind::exim_reject, event};
}

// cPanel's ACL: "\"SpamAssassin as user detected message as NOT spam (-0.2)\"". Without an id
// nobody knows which message it is about.
bool take_spam_score(std::string_view rest, CompanionFact& event) {
  if (!maybe_take(rest, "\"SpamAssassin as ") || !maybe_take_word(rest)) return false;
  if (!maybe_take(rest, " detected ") || !maybe_take_until(rest, "message as ")) return false;
  const auto verdict = maybe_take_until(rest, " (");
  const auto score = maybe_take_until(rest, ')');
  if (!verdict || !score || rest != "\"" || (*verdict != "spam" && *verdict != "NOT spam")) {
    return false;
  }
  event.source = "exim.spamassassin";
  event.values[event.value_count++] = {"verdict", *verdict};
  event.values[event.value_count++] = {"score", *score};
  return true;
}

// All that starts with "H=client" or "U=caller".
ParsedLine parse_from_client(const Line& line) {
  auto rest = line.text;
  Client client;
  if (!take_client_and_ident(rest, true, line.reading, client)) return {};
  auto event = verdict(line, client.host);
  if (client.host.peer.ip.empty() && client.ident) event.protocol = "local";

  if (maybe_take(rest, " Warning: ")) {
    CompanionFact score;
    if (!line.queue_id.empty() && take_spam_score(rest, score)) {
      score.queue_id = line.queue_id;
      return {LineKind::exim_verification, score};
    }
    event.action = PolicyVerdict::Action::warn;
    event.reply_text = rest;
    return {LineKind::exim_policy, event};
  }
  for (const auto parse :
       {parse_incomplete, parse_sender_verify, parse_discarded, parse_cutthrough}) {
    auto parsed = parse(line, rest, client);
    if (parsed.kind != LineKind::unrecognised) return parsed;
  }
  Fields fields;
  if (!take_fields(rest, Place::dialogue, 0, fields) || !maybe_take(rest, ' ')) return {};
  if (maybe_take(rest, "dropped by 'connect' ACL")) {  // 4.98, src/smtp_in.c
    if (!rest.empty() && !maybe_take(rest, ": ")) return {};
    event.stage = "CONNECT";
    event.reply_text = rest;
    return {LineKind::exim_reject, event};
  }
  // src/receive.c: what local_scan() refused has the fields of an arrival.
  if (auto scanned = rest; maybe_take(scanned, "P=") && maybe_take_word(scanned)) {
    Fields more;
    if (!take_fields(scanned, Place::arrival, line.reading, more)) return {};
    event.temporary = maybe_take(scanned, " temporarily");
    if (!maybe_take(scanned, " rejected by local_scan(): ")) return {};
    event.stage = "END-OF-MESSAGE";
    event.envelope_sender = fields.envelope_sender;
    set_text(event, scanned);
    return {LineKind::exim_reject, event};
  }
  return parse_rejected(rest, event, fields);
}

// "SMTP connection from ", since 4.98 also "SMTP connection Ci=12 from " (log_selector
// +connection_id).
bool take_connection_words(std::string_view& rest) {
  if (!maybe_take(rest, "SMTP connection")) return false;
  if (maybe_take(rest, " Ci=") && !take_process_number(rest)) return false;
  return maybe_take(rest, " from ");
}

// "SMTP connection from client[ I=[ip]:port] ...": smtp_get_connection_info() and what follows.
ParsedLine parse_connection(const Line& line) {
  auto rest = line.text;
  if (!take_connection_words(rest)) return {};
  Client client;
  if (!take_client_and_ident(rest, false, line.reading, client)) {
    // A local caller shows its login name only.
    const auto caller = maybe_take_word(rest);
    if (!caller || caller->find('[') != std::string_view::npos) return {};
  }
  const auto& peer = client.host.peer;
  if (!maybe_take(rest, " (via inetd)")) maybe_take(rest, " (ODMR customer)");
  if (rest.empty()) return {LineKind::exim_connection, SessionOpened{peer}};
  if (maybe_take(rest, " (TCP/IP connection count = ")) {
    if (!maybe_take_number(rest) || rest != ")") return {};
    return {LineKind::exim_connection, SessionOpened{peer}};
  }
  if (rest.starts_with(" D=")) {  // 4.97 says here how long it took
    rest.remove_prefix(3);
    const auto word = maybe_take_word(rest);
    if (!word || !is_time(*word)) return {};
  }
  if (maybe_take(rest, " closed by ")) {
    if (!maybe_take(rest, "QUIT") && !maybe_take(rest, "EOF") && !maybe_take(rest, "DROP in ACL")) {
      return {};
    }
    if (!take_read_error_and_time(rest)) return {};
    return {LineKind::exim_connection, SessionClosed{peer, {}}};
  }
  if (maybe_take(rest, " closed after ")) {
    if (!rest.starts_with("SIGTERM") && !rest.starts_with("SIGINT")) return {};
    return trouble(line, peer, rest);
  }
  maybe_take(rest, " TFO");
  if (!maybe_take(rest, " lost")) return {};
  if (maybe_take(rest, " while reading message data")) {
    if (!rest.empty() && rest != " (header)") return {};
    return trouble(line, peer, "lost connection", "DATA");
  }
  if (!take_read_error_and_time(rest)) return {};
  return trouble(line, peer, "lost connection");
}

// "SMTP connection lost after final dot H=client P=esmtp": the message is thrown away,
// src/receive.c.
ParsedLine parse_lost_at_the_end(const Line& line) {
  auto rest = line.text;
  Fields fields;
  if (line.queue_id.empty() || !maybe_take(rest, "SMTP connection lost after final dot") ||
      !take_fields(rest, Place::arrival, line.reading, fields) || !rest.empty()) {
    return {};
  }
  return trouble(line, fields.host.peer, "lost connection", "END-OF-MESSAGE");
}

// Forms that name the client behind fixed words.
struct Before {
  std::string_view words;
  std::string_view what;
  std::string_view stage;
};

// "unexpected disconnection while reading SMTP command from client (error: ...) D=1s".
ParsedLine parse_disconnected(const Line& line) {
  auto rest = line.text;
  std::string_view what = "unexpected disconnection";
  if (!maybe_take(rest, "unexpected disconnection while reading SMTP command from ")) {
    if (!maybe_take(rest, "unexpected EOF while reading SMTP command from ")) return {};
    what = "unexpected EOF";
  }
  if (!maybe_take(rest, "TFO* ")) maybe_take(rest, "TFO ");
  Client client;
  if (!take_client_and_ident(rest, false, line.reading, client) &&
      !(what.ends_with("EOF") && maybe_take_word(rest))) {
    return {};
  }
  if (!take_read_error_and_time(rest)) return {};
  return trouble(line, client.host.peer, what);
}

// "SMTP command timeout on TLS connection from client", "SMTP data timeout (message abandoned)
// on connection from client F=<a>".
ParsedLine parse_timeout(const Line& line) {
  auto rest = line.text;
  std::string_view stage;
  if (maybe_take(rest, "SMTP data timeout (message abandoned) on connection from ")) {
    stage = "DATA";
  } else if (!maybe_take(rest, "SMTP command timeout on connection from ") &&
             !maybe_take(rest, "SMTP command timeout on TLS connection from ")) {
    return {};
  }
  Client client;
  if (!maybe_take(rest, "local process") &&
      !take_client_and_ident(rest, false, line.reading, client)) {
    const auto caller = maybe_take_word(rest);  // a local one shows its login name only
    if (!caller || caller->find('[') != std::string_view::npos) return {};
  }
  std::optional<std::string_view> sender;
  if (maybe_take(rest, " F=")) {
    sender = maybe_take_address(rest);
    if (!sender) return {};
  }
  if (!take_read_error_and_time(rest)) return {};
  return trouble(line, client.host.peer, "timeout", stage, sender);
}

// "no MAIL in SMTP connection from client D=1s A=.. X=.. C=EHLO,QUIT", log_selector +smtp_no_mail.
ParsedLine parse_no_mail(const Line& line) {
  auto rest = line.text;
  if (!maybe_take(rest, "no MAIL in ")) return {};
  if (!maybe_take(rest, "TFO* ")) maybe_take(rest, "TFO ");
  if (!maybe_take(rest, "SMTP connection from ")) return {};
  Client client;
  if (!take_client_and_ident(rest, false, line.reading, client)) return {};
  if (!maybe_take(rest, " D=")) return {};
  const auto time = maybe_take_word(rest);
  if (!time || !is_time(*time)) return {};
  Fields fields;
  if (!take_fields(rest, Place::dialogue, 0, fields)) return {};
  std::string_view commands;
  if (maybe_take(rest, " C=")) {
    commands = rest;
    if (!maybe_take_word(rest)) return {};
  }
  if (!rest.empty()) return {};
  return {LineKind::exim_connection, SessionClosed{client.host.peer, commands}};
}

// "SMTP protocol synchronization error (...): rejected "RSET" H=client next input="..."",
// "... rejected connection from client input="..."", "SMTP syntax error in "FOO" H=client text",
// "SMTP call from client dropped: too many ...". What the client sent stands in quotes that it may
// have written itself, so the client is looked for behind the last pair that fits.
ParsedLine parse_protocol_error(const Line& line) {
  auto rest = line.text;
  std::string_view what = "protocol error";
  if (maybe_take(rest, "SMTP call from ")) {
    Client client;
    if (!take_client_and_ident(rest, false, line.reading, client)) return {};
    if (!maybe_take(rest, " dropped: too many ")) return {};
    return trouble(line, client.host.peer, line.text.substr(line.text.size() - rest.size() - 9));
  }
  if (maybe_take(rest, "SMTP protocol synchronization error (")) {
    what = "SMTP protocol synchronization error";
    if (!maybe_take_until(rest, "): rejected ")) return {};
    Client client;
    if (maybe_take(rest, "connection from ")) {
      if (!take_client_and_ident(rest, rest.starts_with("H="), line.reading, client)) return {};
      if (!rest.starts_with(" input=\"")) return {};
      return turned_away(trouble(line, client.host.peer, what, "CONNECT"));
    }
  } else if (maybe_take(rest, "SMTP syntax error in ")) {
    what = "SMTP syntax error";
  } else if (maybe_take(rest, "SMTP protocol error in ")) {
    what = "SMTP protocol error";
  } else {
    return {};
  }
  if (!maybe_take(rest, '"')) return {};
  auto skip = line.reading;
  for (auto at = rest.find("\" "); at != std::string_view::npos; at = rest.find("\" ", at + 1)) {
    auto tail = rest.substr(at + 2);
    Client client;
    if (!take_client_and_ident(tail, true, 0, client) || !tail.starts_with(' ')) continue;
    if (skip-- > 0) continue;
    auto parsed = trouble(line, client.host.peer, what);
    return what.ends_with("synchronization error") ? turned_away(parsed) : parsed;
  }
  return {};
}

// "name authenticator failed for client: 535 Incorrect authentication data (set_id=login)".
ParsedLine parse_login_failed(const Line& line) {
  auto rest = line.text;
  LoginResult event;
  const auto name = maybe_take_word(rest);
  if (!name || !maybe_take(rest, " authenticator failed for ")) return {};
  Client client;
  // Since 4.99 with "H=" in front, and U=.
  const bool flagged = rest.starts_with("H=") || rest.starts_with("U=");
  if (!take_client_and_ident(rest, flagged, line.reading, client)) return {};
  if (!rest.empty() && !maybe_take(rest, ':')) return {};
  maybe_take(rest, ' ');
  event.client = client.host.peer;
  event.method = *name;
  event.text = rest;
  if (maybe_take(rest, "535 Incorrect authentication data (set_id=")) {
    if (!rest.ends_with(')')) return {};
    event.login = rest.substr(0, rest.size() - 1);
    event.text = event.text.substr(0, sizeof("535 Incorrect authentication data") - 1);
  } else if (maybe_take(rest, "435 Unable to authenticate at present (set_id=")) {
    event.login = maybe_take_until(rest, ')');
    if (!event.login) return {};
  }
  return {LineKind::exim_login_failed, event};
}

// "TLS error on connection from client (recv): text".
ParsedLine parse_tls_error(const Line& line) {
  auto rest = line.text;
  if (!maybe_take(rest, "TLS error on ")) return {};
  Client client;
  maybe_take(rest, "SMTP ");
  if (!maybe_take(rest, "connection")) return {};
  if (maybe_take(rest, " Ci=") && !take_process_number(rest)) return {};
  if (maybe_take(rest, " from ")) {
    if (!take_client_and_ident(rest, false, line.reading, client)) return {};
    maybe_take(rest, " (via inetd)");
  }
  if (!maybe_take(rest, ' ') || rest.empty()) return {};
  auto parsed =
      trouble(line, client.host.peer, rest, "STARTTLS", std::nullopt, LineKind::exim_tls_failure);
  // The handshake; what comes later often is a client that left without saying so.
  const bool before_any_mail =
      rest.starts_with("(SSL_accept)") || rest.starts_with("(gnutls_handshake)");
  return before_any_mail ? turned_away(parsed) : parsed;
}

// "rejected EHLO from client: syntactically invalid argument(s): text", `rejected "EHLO x" from
// client`, "rejected MAIL from client: no HELO/EHLO given".
ParsedLine parse_rejected_greeting(const Line& line) {
  auto rest = line.text;
  PolicyVerdict event;
  event.queue_id = line.queue_id;
  event.temporary = maybe_take(rest, "temporarily ");
  if (!maybe_take(rest, "rejected ")) return {};
  Client client;
  if (maybe_take(rest, '"')) {
    event.stage = rest.substr(0, 4);
    if (event.stage != "EHLO" && event.stage != "HELO") return {};
    const auto greeting = maybe_take_until(rest, "\" from ");
    if (!greeting || greeting->size() < 5) return {};
    if (!take_client_and_ident(rest, false, line.reading, client) || !rest.empty()) return {};
    event.helo = greeting->substr(5);
  } else {
    const bool xclient = maybe_take(rest, "XCLIENT from ");  // 4.98
    if (xclient) {
      if (!take_client_and_ident(rest, false, line.reading, client) || !maybe_take(rest, ": "))
        return {};
      event.stage = "XCLIENT";
      event.client = client.host.peer;
      event.reply_text = rest;
      return {LineKind::exim_reject, event};
    }
    event.stage = rest.substr(0, 4);
    const bool greeting = event.stage == "EHLO" || event.stage == "HELO";
    if (!greeting && event.stage != "MAIL") return {};
    rest.remove_prefix(4);
    if (!maybe_take(rest, " from ")) return {};
    if (!take_client_and_ident(rest, false, line.reading, client)) return {};
    if (!maybe_take(rest, ": ")) return {};
    if (greeting ? !rest.starts_with("syntactically invalid argument(s): ")
                 : rest != "no HELO/EHLO given") {
      return {};
    }
    event.helo = client.host.helo;
    event.reply_text = rest;
  }
  event.client = client.host.peer;
  return {LineKind::exim_reject, event};
}

// "rejected MAIL FROM:<a> H=client: message too big: size=1 max=1", "rejected MAIL command
// H=client: too many messages in one connection".
ParsedLine parse_rejected_mail(const Line& line) {
  auto rest = line.text;
  PolicyVerdict event;
  event.queue_id = line.queue_id;
  event.stage = "MAIL";
  if (maybe_take(rest, "rejected MAIL FROM:")) {
    event.envelope_sender = maybe_take_address(rest);
    if (!event.envelope_sender) return {};
  } else if (!maybe_take(rest, "rejected MAIL command")) {
    return {};
  }
  Client client;
  if (!maybe_take(rest, ' ') || !take_client_and_ident(rest, true, line.reading, client)) return {};
  if (!maybe_take(rest, ": ")) return {};
  event.client = client.host.peer;
  event.helo = client.host.helo;
  set_text(event, rest);
  return {LineKind::exim_reject, event};
}

// "rejected from <a> H=client U=ident: message too big: read=2 max=1" (with an id), "Too many
// "Received" headers" (whose H= has no blank in front), "syntax error in 'From' header ...". A
// local caller has a login name only: "rejected from <a> U=ana: ...".
ParsedLine parse_rejected_message(const Line& line) {
  auto rest = line.text;
  if (!maybe_take(rest, "rejected from ")) return {};
  PolicyVerdict event;
  event.queue_id = line.queue_id;
  event.stage = "END-OF-MESSAGE";
  event.envelope_sender = maybe_take_address(rest);
  if (!event.envelope_sender) return {};
  maybe_take(rest, ' ');
  Client client;
  if (maybe_take(rest, "U=")) {
    const auto end = rest.find(": ");
    if (end == std::string_view::npos) return {};
    rest.remove_prefix(end);
  } else if (!rest.starts_with(':') && !take_client_and_ident(rest, true, line.reading, client)) {
    return {};
  }
  if (!maybe_take(rest, ": ")) return {};
  event.client = client.host.peer;
  event.helo = client.host.helo;
  set_text(event, rest);
  return {LineKind::exim_reject, event};
}

// "unqualified recipient rejected: <a> H=client", "too many recipients: message rejected:
// sender=<a> H=client", "VRFY failed for a H=client".
ParsedLine parse_rejected_address(const Line& line) {
  auto rest = line.text;
  PolicyVerdict event;
  event.queue_id = line.queue_id;
  std::string_view text;
  std::optional<std::string_view> address;
  if (maybe_take(rest, "unqualified sender rejected: ")) {
    event.stage = "MAIL";
    text = "unqualified sender";
    event.envelope_sender = address = maybe_take_address(rest);
  } else if (maybe_take(rest, "unqualified recipient rejected: ")) {
    event.stage = "RCPT";
    text = "unqualified recipient";
    event.recipient = address = maybe_take_address(rest);
  } else if (maybe_take(rest, "unqualified verify rejected: ")) {
    event.stage = "VRFY";
    text = "unqualified address";
    address = maybe_take_address(rest);
  } else if (maybe_take(rest, "too many recipients: ")) {
    event.stage = "RCPT";
    text = "too many recipients";
    event.temporary = maybe_take(rest, "excess temporarily rejected: sender=");
    if (!event.temporary && !maybe_take(rest, "message rejected: sender=")) return {};
    event.envelope_sender = address = maybe_take_address(rest);
  } else if (maybe_take(rest, "VRFY failed for ")) {
    event.stage = "VRFY";
    event.action = PolicyVerdict::Action::info;
    text = "VRFY failed";
    address = rest.starts_with('<') ? maybe_take_address(rest) : maybe_take_mailbox(rest);
  } else {
    return {};
  }
  Client client;
  if (!address || !maybe_take(rest, ' ') ||
      !take_client_and_ident(rest, true, line.reading, client)) {
    return {};
  }
  if (!rest.empty() && !rest.starts_with(" (")) return {};  // host_lookup_msg
  event.client = client.host.peer;
  event.helo = client.host.helo;
  event.reply_text = text;
  return {LineKind::exim_reject, event};
}

// "refused connection from client (host_reject_connection)", "temporarily refused connection from
// client: not in reserve list ...", "Connection from client refused: too many connections",
// "connection from client refused (IP options)".
ParsedLine parse_refused_connection(const Line& line) {
  auto rest = line.text;
  PolicyVerdict event;
  event.stage = "CONNECT";
  event.temporary = maybe_take(rest, "temporarily ");
  Client client;
  if (maybe_take(rest, "refused connection from ")) {
    if (!take_client_and_ident(rest, false, line.reading, client)) return {};
    if (!maybe_take(rest, ' ') && !maybe_take(rest, ": ")) return {};
  } else if (!event.temporary &&
             (maybe_take(rest, "Connection from ") || maybe_take(rest, "connection from "))) {
    if (!take_client_and_ident(rest, false, line.reading, client)) return {};
    if (!maybe_take(rest, " refused")) return {};
    event.temporary = maybe_take(rest, ": ");
    if (!event.temporary && !maybe_take(rest, ' ')) return {};
  } else {
    return {};
  }
  if (rest.empty()) return {};
  event.client = client.host.peer;
  event.helo = client.host.helo;
  event.reply_text = rest;
  return {LineKind::exim_reject, event};
}

// "F=<a> rejected by non-SMTP ACL: text", "F=a H=client P=smtp rejected by local_scan(): text",
// "local_scan() function timed out - message temporarily rejected (size 3)".
ParsedLine parse_rejected_by_us(const Line& line) {
  auto rest = line.text;
  PolicyVerdict event;
  event.queue_id = line.queue_id;
  event.stage = "END-OF-MESSAGE";
  if (maybe_take(rest, "local_scan() function ")) {
    if (!maybe_take_until(rest, " - message temporarily rejected (size ")) return {};
    event.temporary = true;
    event.reply_text = line.text;
    return {LineKind::exim_reject, event};
  }
  if (!maybe_take(rest, "F=")) return {};
  const bool bracketed = rest.starts_with('<');
  event.envelope_sender = bracketed ? maybe_take_address(rest) : maybe_take_mailbox(rest);
  if (!event.envelope_sender) return {};
  if (bracketed && maybe_take(rest, " rejected by non-SMTP ACL: ")) {
    event.protocol = "local";
    set_text(event, rest);
    return {LineKind::exim_reject, event};
  }
  Fields fields;
  if (!take_fields(rest, Place::arrival, line.reading, fields)) return {};
  event.temporary = maybe_take(rest, " temporarily");
  if (!maybe_take(rest, " rejected by local_scan(): ")) return {};
  event.client = fields.host.peer;
  event.helo = fields.host.helo;
  event.protocol = fields.protocol;
  set_text(event, rest);
  return {LineKind::exim_reject, event};
}

// "ETRN #domain received from client", log_selector +etrn; "ATRN 'domain' received from H=client",
// "Error or EOF on input from H=client" since 4.99.
ParsedLine parse_etrn(const Line& line) {
  auto rest = line.text;
  if (!maybe_take(rest, "Error or EOF on input from ")) {
    if (!maybe_take(rest, "ETRN ") && !maybe_take(rest, "ATRN ")) return {};
    if (!maybe_take_until(rest, " received from ")) return {};
  }
  Client client;
  const bool flagged = rest.starts_with("H=");
  if (!take_client_and_ident(rest, flagged, line.reading, client) || !rest.empty()) return {};
  return {LineKind::exim_note, Note{line.queue_id, Note::About::other, line.text}};
}

// "ignoring AUTH=a from client (text)".
ParsedLine parse_ignored_auth(const Line& line) {
  auto rest = line.text;
  if (!maybe_take(rest, "ignoring AUTH=") || !maybe_take_until(rest, " from ")) return {};
  Client client;
  if (!take_client_and_ident(rest, true, line.reading, client) || !rest.starts_with(" ("))
    return {};
  return {LineKind::exim_note, Note{line.queue_id, Note::About::other, line.text}};
}

}  // namespace

ParsedLine parse_dialogue(const Line& line) {
  using Parser = ParsedLine (*)(const Line&);
  static constexpr Parser kParsers[] = {
      parse_connection,
      parse_lost_at_the_end,
      parse_disconnected,
      parse_timeout,
      parse_no_mail,
      parse_protocol_error,
      parse_login_failed,
      parse_tls_error,
      parse_rejected_mail,
      parse_rejected_message,
      parse_rejected_greeting,
      parse_rejected_address,
      parse_refused_connection,
      parse_rejected_by_us,
      parse_etrn,
      parse_ignored_auth,
  };
  if (line.text.starts_with("H=") || line.text.starts_with("U=") ||
      line.text.starts_with(" DSH=")) {
    return parse_from_client(line);
  }
  return first_reading(kParsers, line);
}

}  // namespace rastro::exim
