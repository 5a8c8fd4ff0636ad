#include "parsers/exim/fields.h"
#include "parsers/exim/line.h"
#include "parsers/scan.h"

// Lines about the server and its callers: src/exim.c, src/daemon.c, src/queue.c queue_run(),
// src/host.c, src/rewrite.c, src/dkim.c, src/dmarc.c, the panic log.
namespace rastro::exim {
namespace {

ParsedLine note(LineKind kind, const Line& line, Note::About about = Note::About::other) {
  return {kind, Note{line.queue_id, about, line.text}};
}

// The id behind "-M..." in "/usr/sbin/exim4 -Mc 1abc...": named, but the line is not about it.
std::string_view id_in(std::string_view args) {
  while (!args.empty()) {
    const auto word = maybe_take_word(args);
    maybe_take(args, ' ');
    if (!word || !word->starts_with("-M")) continue;
    const auto next = maybe_take_word(args);
    if (next && is_exim_message_id(*next)) return *next;
    return {};
  }
  return {};
}

// "cwd=/home/u 4 args: /usr/sbin/sendmail -t -i", src/exim.c with log_selector +arguments. The
// directory may hold blanks; the count and " args:" end it.
ParsedLine parse_invocation(const Line& line) {
  auto rest = line.text;
  if (!maybe_take(rest, "cwd=")) return {};
  const auto begin = rest;
  for (auto at = rest.find(' '); at != std::string_view::npos; at = rest.find(' ', at + 1)) {
    auto tail = rest.substr(at + 1);
    if (!maybe_take_number(tail) || !maybe_take(tail, " args:")) continue;
    LocalInvocation event;
    event.cwd = begin.substr(0, at);
    maybe_take(tail, ' ');
    event.args = tail;
    event.queue_id = id_in(tail);
    return {LineKind::exim_invocation, event};
  }
  return {};
}

// "Start queue run: pid=12 -qf", "End 'name' queue run: pid=12", "Abandon queue run: pid=1 (load".
ParsedLine parse_queue_run(const Line& line) {
  auto rest = line.text;
  if (!maybe_take(rest, "Start ") && !maybe_take(rest, "End ") && !maybe_take(rest, "Abandon ")) {
    return {};
  }
  maybe_take(rest, "ODMR ");  // since 4.99
  if (maybe_take(rest, '\'') && !maybe_take_until(rest, "' ")) return {};
  if (!maybe_take(rest, "queue run: pid=") || !take_process_number(rest)) return {};
  if (!ends_token(rest)) return {};
  return {LineKind::exim_queue_run, std::monostate{}};
}

// "exim 4.96 daemon started: pid=540, ...", "pid 540: SIGHUP received: re-exec daemon".
ParsedLine parse_daemon(const Line& line) {
  auto rest = line.text;
  if (maybe_take(rest, "exim ")) {
    if (!maybe_take_word(rest)) return {};
    if (!maybe_take(rest, " daemon started: pid=") && !maybe_take(rest, " daemon terminating")) {
      return {};
    }
    return note(LineKind::exim_note, line);
  }
  if (maybe_take(rest, "pid ")) {
    if (!maybe_take_number(rest) || !maybe_take(rest, ": ")) return {};
    if (rest != "SIGHUP received: re-exec daemon" && !rest.starts_with("exec of ")) return {};
    return note(LineKind::exim_note, line);
  }
  return {};
}

// "DKIM: d=example.org s=sel c=relaxed/relaxed a=rsa-sha256 b=2048 [verification succeeded]",
// src/dkim.c dkim_exim_verify_log_sig(); log_selector +dkim_verbose.
ParsedLine parse_dkim(const Line& line) {
  auto rest = line.text;
  if (!maybe_take(rest, "DKIM: ") && !maybe_take(rest, "DKIM START: ")) return {};
  if (!rest.starts_with("d=")) return note(LineKind::exim_verification, line);
  CompanionFact event;
  event.source = "exim.dkim";
  event.queue_id = line.queue_id;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (event.value_count < CompanionFact::kValuesMax) {
      event.values[event.value_count++] = {name, value};
    }
  };
  while (!rest.empty() && rest[0] != '[') {
    const auto word = maybe_take_word(rest);
    if (!word) return {};
    const auto equals = word->find('=');
    if (equals == std::string_view::npos) return {};
    const auto name = word->substr(0, equals);
    if (name == "d" || name == "s" || name == "a" || name == "i") {
      add(name, word->substr(equals + 1));
    }
    maybe_take(rest, ' ');
  }
  if (!maybe_take(rest, '[') || !rest.ends_with(']')) return {};
  rest.remove_suffix(1);
  add("result", rest);
  return {LineKind::exim_verification, event};
}

// "DMARC results: spf_domain=a dmarc_domain=b spf_align=yes dkim_align=no enforcement='text'".
ParsedLine parse_dmarc(const Line& line) {
  auto rest = line.text;
  if (!maybe_take(rest, "DMARC results: ")) {
    if (rest.starts_with("DMARC using synthesized SPF sender domain = ")) {
      return note(LineKind::exim_verification, line);
    }
    return {};
  }
  CompanionFact event;
  event.source = "exim.dmarc";
  event.queue_id = line.queue_id;
  for (const std::string_view name : {"spf_domain", "dmarc_domain", "spf_align", "dkim_align"}) {
    if (!maybe_take(rest, name) || !maybe_take(rest, '=')) return {};
    const auto value = maybe_take_until(rest, ' ');
    if (!value) return {};
    event.values[event.value_count++] = {name, *value};
  }
  if (!maybe_take(rest, "enforcement='") || !rest.ends_with('\'')) return {};
  rest.remove_suffix(1);
  event.values[event.value_count++] = {"enforcement", rest};
  return {LineKind::exim_verification, event};
}

// cPanel's ACLs: "Sender identification U=user D=domain S=user@domain" says which account a
// message belongs to; "SMTP connection identification" and "outbound" repeat or announce it.
ParsedLine parse_sender_identification(const Line& line) {
  auto rest = line.text;
  if (!maybe_take(rest, "Sender identification U=")) return {};
  CompanionFact event;
  event.source = "exim.sender_identification";
  event.queue_id = line.queue_id;
  const auto user = maybe_take_until(rest, " D=");
  if (!user) return {};
  const auto domain = maybe_take_until(rest, " S=");
  if (!domain) return {};
  event.values[event.value_count++] = {"user", *user};
  event.values[event.value_count++] = {"domain", *domain};
  event.values[event.value_count++] = {"sender", rest};
  return {LineKind::exim_verification, event};
}

ParsedLine parse_connection_identification(const Line& line) {
  auto rest = line.text;
  if (maybe_take(rest, "SMTP connection identification ")) {
    // "H=localhost A=127.0.0.1 P=43210 U=user ID=1001 S=user B=...", "D=domain O=... E=... M=..."
    const auto word = maybe_take_word(rest);
    if (!word || word->size() < 2 || (*word)[1] != '=') return {};
    return note(LineKind::exim_note, line);
  }
  if (maybe_take(rest, "SMTP connection outbound ")) {
    if (!maybe_take_number(rest) || !maybe_take(rest, ' ')) return {};
    auto id = maybe_take_message_id(rest);
    if (!id || rest.empty()) return {};
    return {LineKind::exim_note, Note{*id, Note::About::other, line.text}};
  }
  return {};
}

// `"a" from env-from rewritten as "b" by rule 2`, `... by submission mode`; src/rewrite.c.
ParsedLine parse_rewritten(const Line& line) {
  auto rest = line.text;
  if (!maybe_take(rest, '"') || !maybe_take_until(rest, "\" from ")) return {};
  if (!maybe_take_until(rest, " rewritten ")) return {};
  if (!maybe_take(rest, "as \"") && !maybe_take(rest, "with (address part of) \"")) return {};
  if (!maybe_take_until(rest, "\" by ")) return {};
  if (!rest.starts_with("rule ") && rest != "submission mode") return {};
  return note(LineKind::exim_note, line);
}

// "PRDR R=<a> refusal", "PRDR a text": what the per-recipient ACL said (src/receive.c).
ParsedLine parse_prdr(const Line& line) {
  auto rest = line.text;
  if (!maybe_take(rest, "PRDR ")) return {};
  PolicyVerdict event;
  event.queue_id = line.queue_id;
  event.stage = "PRDR";
  std::string_view words = rest;
  if (maybe_take(words, "R=")) {
    event.recipient = maybe_take_address(words);
    if (!event.recipient || !maybe_take(words, ' ')) return {};
    if (words == "acceptance") {
      event.action = PolicyVerdict::Action::permit;
    } else if (words == "refusal" || words == "temporary refusal") {
      // Exim strikes this recipient off and goes on with the others, as after RCPT.
      event.action = PolicyVerdict::Action::reject;
      event.stage = "RCPT";
      event.temporary = words != "refusal";
    } else {
      return {};
    }
  } else {
    const auto address = maybe_take_mailbox(words);
    if (!address || !maybe_take(words, ' ')) return {};
    event.recipient = *address;
    event.action = PolicyVerdict::Action::info;
  }
  event.reply_text = words;
  return {LineKind::exim_policy, event};
}

// "[192.0.2.1] SSL verify error: ...", src/tls-openssl.c verify_callback().
ParsedLine parse_verify_error(const Line& line) {
  if (!line.text.starts_with('[')) return {};
  auto rest = line.text;
  Host host;
  if (!take_client(rest, 0, host) || !maybe_take(rest, ' ')) return {};
  if (!rest.starts_with("SSL verify error") && !rest.starts_with("after QUIT, client reset TCP ") &&
      rest.find(" verify denied by event-action: ") > 16 &&
      rest.find("Received TLS cert (DN: '") > 64) {
    return {};
  }
  return note(LineKind::exim_tls_failure, line);
}

// "... Message-Id: x). From <a> (host=mx [ip]) for b": what the stranger wrote stands in front.
void set_envelope_of_sa_exim(std::string_view rest, PolicyVerdict& event) {
  constexpr std::string_view kBefore = "). From ";
  const auto at = rest.rfind(kBefore);
  if (at == std::string_view::npos) return;
  rest.remove_prefix(at + kBefore.size());
  const auto sender = maybe_take_address(rest);
  if (!sender || !maybe_take(rest, " (host=")) return;
  const auto host = maybe_take_until(rest, " [");
  const auto ip = maybe_take_until(rest, "])");
  if (!host || !ip) return;
  event.envelope_sender = *sender;
  event.client.host = *host == "NULL" ? std::string_view() : *host;
  event.client.ip = *ip;
  if (!maybe_take(rest, " for ")) return;
  const auto recipient = rest.substr(0, rest.find_first_of(" ,"));
  if (recipient.find('@') == std::string_view::npos) return;
  event.recipient = recipient;
  rest.remove_prefix(recipient.size());
  if (maybe_take(rest, ", ")) event.other_recipients = rest;
}

// sa-exim, SpamAssassin as Exim's local_scan(): "SA: Action: flagged as Spam but accepted:
// score=8.2 required=5.0 (scanned in 6/6 secs | Message-Id: x). From <a> (host=mx [ip]) for b".
// What the stranger wrote stands behind the figures.
ParsedLine parse_sa_exim(const Line& line) {
  auto rest = line.text;
  if (line.queue_id.empty() || !maybe_take(rest, "SA: ")) return {};
  if (rest.starts_with("Notice: ") || rest.starts_with("Warning: ") || rest.starts_with("Debug")) {
    return note(LineKind::exim_verification, line);
  }
  if (!maybe_take(rest, "Action: ")) return {};
  const auto action = maybe_take_until(rest, ": score=");
  if (!action) return {};
  const auto score = maybe_take_word(rest);
  if (!score || !maybe_take(rest, " required=")) return {};
  const auto required = maybe_take_word(rest);
  if (!required) return {};
  if (action->starts_with("silently tossed message")) {
    PolicyVerdict event;
    event.queue_id = line.queue_id;
    event.action = PolicyVerdict::Action::discard;
    event.stage = "END-OF-MESSAGE";
    event.reply_text = line.text;
    set_envelope_of_sa_exim(rest, event);
    return {LineKind::exim_policy, event};
  }
  CompanionFact event;
  event.source = "sa-exim";
  event.queue_id = line.queue_id;
  event.values[event.value_count++] = {"action", *action};
  event.values[event.value_count++] = {"score", *score};
  event.values[event.value_count++] = {"required", *required};
  return {LineKind::exim_verification, event};
}

}  // namespace

ParsedLine parse_service_line(const Line& line) {
  using Parser = ParsedLine (*)(const Line&);
  static constexpr Parser kParsers[] = {
      parse_invocation,
      parse_queue_run,
      parse_daemon,
      parse_dkim,
      parse_dmarc,
      parse_rewritten,
      parse_prdr,
      parse_verify_error,
      parse_sender_identification,
      parse_connection_identification,
      parse_sa_exim,
      parse_service_form,
  };
  return first_reading(kParsers, line);
}

}  // namespace rastro::exim
