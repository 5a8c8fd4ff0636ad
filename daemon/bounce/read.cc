#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "core/address.h"
#include "daemon/bounce/address.h"
#include "daemon/bounce/bounce.h"
#include "daemon/bounce/cause.h"
#include "daemon/bounce/details.h"
#include "daemon/bounce/dsn.h"
#include "daemon/bounce/input.h"
#include "daemon/bounce/kind.h"
#include "daemon/bounce/lines.h"
#include "daemon/bounce/log.h"
#include "daemon/bounce/notice.h"
#include "daemon/bounce/original.h"
#include "daemon/bounce/paste.h"
#include "daemon/bounce/program.h"
#include "daemon/bounce/prose.h"
#include "daemon/bounce/reply.h"
#include "daemon/bounce/signature.h"

namespace rastro {
namespace {

bool is_robot_header(std::string_view from) {
  constexpr std::array kNames = {"mail delivery",
                                 "mailer-daemon",
                                 "mailer daemon",
                                 "postmaster",
                                 "delivery subsystem",
                                 "mail administrator",
                                 "system administrator",
                                 "microsoft outlook",
                                 "mail system",
                                 "mailerdaemon",
                                 "systemadministrator",
                                 "administrador del sistema",
                                 "mdaemon",
                                 "internet mail delivery",
                                 "mail router",
                                 "mail server"};
  if (std::ranges::any_of(kNames,
                          [&](const char* name) { return contains_ignoring_case(from, name); }))
    return true;
  if (trim(from).ends_with("<>")) return true;
  const auto addresses = addresses_in(from, 3);
  return std::ranges::any_of(addresses, [](const auto& a) { return is_robot(a); });
}

bool has_type(const Mail& mail, std::string_view part) {
  return std::ranges::any_of(mail.parts,
                             [&](const auto& p) { return p.type.find(part) != std::string::npos; });
}

int bounce_score(const Mail& mail) {
  const auto subject = phrases_in_subject(header_value(mail.headers, "subject"));
  int score = 0;
  if (has_type(mail, "delivery-status")) score += 10;
  if (!header_value(mail.headers, "x-failed-recipients").empty()) score += 5;
  if (is_robot_header(header_value(mail.headers, "from"))) score += 4;
  if (subject.has(Phrase::failure) || subject.has(Phrase::delay)) score += 3;
  return score;
}

// Pasted source of a page or of a piece of one, or a part that goes by the wrong name.
bool is_html(std::string_view text) {
  text = trim(text);
  if (!text.starts_with('<')) return false;
  const auto start = text.substr(0, 200);
  if (contains_ignoring_case(start, "<html") || contains_ignoring_case(start, "<!doctype html") ||
      contains_ignoring_case(start, "<body"))
    return true;
  // "<p>" may be a user's name too, but not with what ends it.
  constexpr std::size_t kHead = 16'000;
  static const RE2 begin(
      R"((?i)^<(div|p|pre|span|font|table|tbody|tr|td|center|blockquote|h[1-6]|ul|b)(?:\s[^<>]*)?>)");
  std::string tag;
  return RE2::PartialMatch(start, begin, &tag) &&
         contains_ignoring_case(text.substr(0, kHead), "</" + ascii_lower(tag) + ">");
}

bool says_something(const Mail& mail) {
  return std::ranges::any_of(mail.parts, [](const auto& p) { return !trim(p.text).empty(); });
}

bool tells_of_failure(const Mail& mail) {
  return std::ranges::any_of(mail.parts, [](const auto& p) {
    return tells_failure(std::string_view(p.text).substr(0, 16'000));
  });
}

bool names_anybody(const Mail& mail) {
  return std::ranges::any_of(mail.parts, [](const auto& p) {
    return !addresses_in(std::string_view(p.text).substr(0, 16'000), 1).empty();
  });
}

// A gateway that puts its name on the envelope and a footer below the report, or a heading above
// it that names nobody.
bool is_wrapped(const Mail& root) {
  return root.enclosed.size() == 1 && !has_type(root, "delivery-status") &&
         has_type(root.enclosed.front(), "delivery-status") &&
         (!tells_of_failure(root) || !names_anybody(root));
}

// The message that reports: the outermost one, unless a person sent it on, or a gateway put it
// into an envelope that says nothing itself.
const Mail& find_bounce(const Mail& root) {
  const bool robot = is_robot_header(header_value(root.headers, "from"));
  const bool reports =
      has_type(root, "delivery-status") ||
      !header_value(root.headers, "x-failed-recipients").empty() ||
      (robot && !is_wrapped(root) && (says_something(root) || root.enclosed.empty()));
  if (reports) return root;
  const Mail* best = &root;
  int best_score = std::max(4, bounce_score(root));
  for (const auto& inner : root.enclosed) {
    const Mail& candidate = find_bounce(inner);
    const int score = bounce_score(candidate);
    if (score > best_score) {
      best = &candidate;
      best_score = score;
    }
  }
  return *best;
}

class BounceReader {
 public:
  BounceReader(const BounceLimits& limits, const std::function<bool()>& out_of_time)
      : limits_(limits), out_of_time_(out_of_time) {}

  BounceReport run(std::string_view input) {
    const Mail root = read_input(input, limits_, report_.cuts);
    return examine(root, find_bounce(root));
  }

  // `bounce` is `root` or stands in it.
  BounceReport examine(const Mail& root, const Mail& bounce) {
    if (late()) return std::move(report_);
    read_text(bounce);
    if (late()) return std::move(report_);
    read_original(bounce);
    know_senders(root, bounce);
    read_status(bounce);
    if (late()) return std::move(report_);
    read_recipients(bounce);
    apply_bounce_headers(bounce.headers, limits_, report_);
    apply_bounce_headers(notice_.forwarded, limits_, report_);
    decide(root, bounce);
    finish(bounce);
    if (&root == &bounce && says_nothing_of_note(report_)) look_into_attached(root);
    return std::move(report_);
  }

 private:
  bool late() {
    if (out_of_time_ && out_of_time_()) report_.cuts.time = true;
    return report_.cuts.time;
  }

  static bool says_nothing_of_note(const BounceReport& report) {
    return report.not_a_bounce == NotABounce::ordinary || report.not_a_bounce == NotABounce::empty;
  }

  // "Look at the attachment": a person's letter around a message that a program sent.
  void look_into_attached(const Mail& root) {
    for (const auto& inner : root.enclosed) {
      if (late()) return;
      BounceReader reader(limits_, out_of_time_);
      auto found = reader.examine(inner, inner);
      if (says_nothing_of_note(found)) continue;
      found.cuts = report_.cuts;
      report_ = std::move(found);
      return;
    }
  }

  static std::string readable(std::string text) {
    return with_plain_addresses(with_line_ends(with_whole_replies(
        without_address_links(single_spaced(with_plain_blanks(std::move(text)))))));
  }

  // The notice is the plain text; HTML only where there is no other.
  void read_text(const Mail& bounce) {
    const bool reports = !header_value(bounce.headers, "x-failed-recipients").empty() ||
                         is_robot_header(header_value(bounce.headers, "from"));
    std::string html;
    for (const auto& part : bounce.parts) {
      if (part.type == "text/plain" || part.type == "text/x-prologue") {
        if (is_html(part.text)) {
          html.append(html_to_text(part.text)).append("\n\n");
        } else if (!trim(part.text).empty()) {
          text_.append(part.text).append("\n\n");
        }
      } else if (part.type == "text/html") {
        html.append(html_to_text(part.text)).append("\n\n");
      }
    }
    source_ = with_plain_blanks(text_.empty() ? html : text_);
    text_ = readable(std::move(text_));
    const bool signs = !reports || is_quoting_block(bounce);
    if (signs) drop_signatures();
    notice_ = find_notice(text_, reports, limits_.notice_bytes_max);
    const bool says_something = tells_failure(notice_.notice.substr(0, 16'000)) ||
                                !addresses_in(notice_.notice.substr(0, 16'000), 1).empty();
    if (!html.empty() && !says_something) {
      text_ = readable(std::move(html));
      if (signs) drop_signatures();
      notice_ = find_notice(text_, reports, limits_.notice_bytes_max);
    }
  }

  // "From: Microsoft Outlook", "Sent: ...", "To: Ana Gil": what Outlook writes above a mail that it
  // quotes, names without addresses. Whoever pasted that, may have signed below.
  static bool is_quoting_block(const Mail& bounce) {
    const auto has = [&](const char* name) { return !header_value(bounce.headers, name).empty(); };
    return header_value(bounce.headers, "from").find_first_of("@<") == std::string_view::npos &&
           !has("date") && !has("received") && !has("message-id") && !has("mime-version") &&
           !has("return-path") && !has("content-type");
  }

  // Who passes a notice on, signs.
  void drop_signatures() {
    writers_ = writers_in(text_);
    text_ = without_signatures(text_);
  }

  void read_original(const Mail& bounce) {
    for (const auto& part : bounce.parts) {
      const bool report = part.type.find("delivery-status") != std::string::npos ||
                          part.type.find("disposition") != std::string::npos ||
                          part.type.find("feedback") != std::string::npos;
      // message/partial, message/global and others that GMime does not open.
      // Zoho's text/rfc822 indents each line.
      if (part.type.starts_with("text/rfc822"))
        apply_original_headers(parse_header_text(unquote(part.text)), limits_, report_);
      if (part.type.starts_with("message/") && !report)
        apply_original_headers(parse_header_text(part.text), limits_, report_);
    }
    if (!bounce.enclosed.empty())
      apply_original_headers(bounce.enclosed.front().headers, limits_, report_);
    apply_returned_text();
    const auto id = message_id_in(notice_.notice, limits_.value_bytes_max);
    if (!report_.message_id) report_.message_id = id;
    apply_original_headers(notice_.summary, limits_, report_);
    report_.queue_ids = queue_ids_in(notice_.notice, limits_.value_bytes_max);
  }

  // Headers of the original below a separator, after whatever the MTA puts between.
  void apply_returned_text() {
    auto rest = notice_.returned.substr(0, 64'000);
    while (!rest.empty()) {
      const auto end = std::min(rest.find('\n'), rest.size() - 1);
      const auto line = rest.substr(0, end);
      const auto length = header_name_length(line);
      if (length != 0 && !is_separator(trim(line))) {
        auto headers = parse_header_text(unquote(rest));
        const bool enough =
            headers.size() >= 2 || !last_message_id(header_value(headers, "message-id")).empty();
        if (enough) apply_original_headers(headers, limits_, report_);
        if (enough) return;
      }
      rest.remove_prefix(end + 1);
    }
  }

  void know(std::string_view value) {
    for (auto& address : addresses_in(value, 20)) known_.push_back(std::move(address));
  }

  void know_senders(const Mail& root, const Mail& bounce) {
    for (const auto name : {"from", "to", "reply-to", "sender", "return-path", "delivered-to"}) {
      know(header_value(bounce.headers, name));
      if (&root != &bounce) know(header_value(root.headers, name));
    }
    for (const auto name : {"from", "to", "reply-to"}) know(header_value(notice_.forwarded, name));
    know(header_value(notice_.summary, "from"));
    for (auto& sender : labelled_senders(notice_.notice)) known_.push_back(std::move(sender));
    if (report_.original_sender) known_.push_back(report_.original_sender.value);
    known_.insert(known_.end(), writers_.begin(), writers_.end());
    know(report_.message_id.value);  // looks like an address
    // Who writes to himself is sender and recipient.
    std::erase_if(known_, [&](const std::string& address) {
      return std::ranges::any_of(report_.original_to, [&](const Found& to) {
        return equal_ignoring_case(to.value, address);
      });
    });
  }

  void read_status(const Mail& bounce) {
    for (const auto& part : bounce.parts) {
      if (part.type.find("delivery-status") == std::string::npos) continue;
      apply_dsn(find_dsn_fields(part.text, limits_.recipients_max), limits_, report_);
      evidence_.delivery_status = evidence_.delivery_status || !report_.recipients.empty();
    }
    read_refusal(bounce);
    if (!report_.recipients.empty() || has_type(bounce, "disposition-notification") ||
        has_type(bounce, "feedback-report"))
      return;
    // A paste, or a part that goes by the wrong name.
    const auto fields = find_dsn_fields(notice_.notice, limits_.recipients_max);
    if (contains_ignoring_case(notice_.notice, "\ndisposition:")) {
      evidence_.disposition = true;
      return;
    }
    apply_dsn(fields, limits_, report_);
    evidence_.delivery_status = !report_.recipients.empty();
  }

  // RFC 5429: a filter of the recipient (Sieve "reject") may say no in a disposition, as Dovecot
  // and Cyrus do. Everybody else's dispositions are receipts.
  void read_refusal(const Mail& bounce) {
    static const RE2 words(R"((?i)\b(?:was |has been )?automatically re(?:jected|fused)\b)");
    const auto notice = std::string_view(notice_.notice).substr(0, 16'000);
    if (!RE2::PartialMatch(notice, words)) return;
    for (const auto& part : bounce.parts) {
      if (part.type.find("disposition-notification") == std::string::npos) continue;
      apply_dsn(find_dsn_fields(part.text, limits_.recipients_max), limits_, report_);
      evidence_.refusal = true;
    }
  }

  // Lines of a log. What a program sends of them is its report, and no question about one mail.
  bool read_log(const Mail& bounce) {
    constexpr std::size_t kAskedAbout = 5;
    if (!report_.recipients.empty() || evidence_.refusal ||
        !header_value(bounce.headers, "x-failed-recipients").empty() ||
        is_robot_header(header_value(bounce.headers, "from")) || !notice_.forwarded.empty() ||
        auto_responder(bounce.headers))
      return false;
    auto log = log_in(source_, limits_);
    if (log.recipients.empty()) log.recipients = refused_by_program(source_, limits_);
    const bool letter = !header_value(bounce.headers, "from").empty();
    if (log.recipients.empty() || (letter && log.recipients.size() > kAskedAbout)) return false;
    report_.recipients = std::move(log.recipients);
    for (auto& id : log.queue_ids) {
      const bool have = std::ranges::any_of(
          report_.queue_ids, [&](const Found& known) { return known.value == id.value; });
      if (!have) report_.queue_ids.push_back(std::move(id));
    }
    evidence_.log = true;
    if (report_.recipients.front().action.from == kFromProgram)
      evidence_.program = ProgramError::refused;
    return true;
  }

  void read_recipients(const Mail& bounce) {
    if (read_log(bounce)) return;
    auto named = recipients_in(notice_, known_, limits_);
    // Who writes to himself fails to reach himself.
    if (named.empty()) {
      named = recipients_in(notice_, {}, limits_);
      std::erase_if(named, [](const auto& r) { return r.recipient.from != "notice text"; });
    }
    drop_addressees(named);
    drop_daemons(named);
    complete_local_names(bounce, named);
    evidence_.any_address = !named.empty();
    evidence_.told_recipient = !named.empty() && named.front().recipient.from == kFromSentence;
    if (evidence_.told_recipient && names_login(notice_.notice, named.front().recipient.value))
      evidence_.told_recipient = false;
    evidence_.named_recipient = !named.empty() && named.front().recipient.from == "notice text";
    auto list = header_value(bounce.headers, "x-failed-recipients");
    if (list.empty()) list = header_value(notice_.forwarded, "x-failed-recipients");
    auto failed = addresses_in(list, limits_.recipients_max);
    evidence_.failed_header = !failed.empty();
    if (report_.recipients.empty()) {
      for (auto& address : failed) {
        report_.recipients.emplace_back();
        report_.recipients.back().recipient = {tidy(address, limits_.value_bytes_max),
                                               "X-Failed-Recipients"};
      }
    }
    complete_cut_names(named);
    name_files(failed, named);
    if (report_.recipients.empty()) report_.recipients = named;
    add_cut_recipients(bounce, named);
    if (report_.recipients.empty()) guess_recipients(bounce);
    if (lists_by_name()) {
      std::erase_if(report_.recipients, [&](const BounceRecipient& r) {
        return r.recipient.from != kFromNotice &&
               equal_ignoring_case(r.recipient.value, report_.original_sender.value);
      });
    }
    add_notice_details(notice_, limits_, report_.recipients);
  }

  // Exchange 5.5: "did not reach the following recipient(s):", and below it a name without address.
  // Then the sender, who wrote to himself as well, is no more likely to be meant than anybody.
  bool lists_by_name() const {
    static const RE2 form(
        R"(did not reach the following recipient\(s\):\s*\n+[^@\n:]+ on \pL\pL\pL, \d)");
    return RE2::PartialMatch(std::string_view(notice_.notice).substr(0, 16'000), form);
  }

  // "Von: Mail Delivery System" and on the next line its address: who wrote, beside whom it names.
  static void drop_daemons(std::vector<BounceRecipient>& named) {
    const auto is_daemon = [](const BounceRecipient& r) {
      return equal_ignoring_case(split_address(r.recipient.value).local_part, "mailer-daemon");
    };
    if (!std::ranges::all_of(named, is_daemon)) std::erase_if(named, is_daemon);
  }

  // "Your message to a@b about ... did not reach: c@d": who is named beside those that failed.
  void drop_addressees(std::vector<BounceRecipient>& named) const {
    const auto in_summary = [&](const BounceRecipient& r) {
      if (r.recipient.from == "notice text") return false;
      return contains_ignoring_case(header_value(notice_.summary, "to"),
                                    ascii_lower(r.recipient.value)) ||
             contains_ignoring_case(header_value(notice_.summary, "cc"),
                                    ascii_lower(r.recipient.value));
    };
    if (!std::ranges::all_of(named, in_summary)) std::erase_if(named, in_summary);
  }

  // A paste that ends in the middle of "Final-Recipient: rfc822; juan@exa": the notice says it all.
  void complete_cut_names(const std::vector<BounceRecipient>& named) {
    std::erase_if(report_.recipients, [](const BounceRecipient& r) {
      return std::string_view("rfc822").starts_with(ascii_lower(r.recipient.value));
    });
    for (auto& r : report_.recipients) {
      for (const auto& full : named) {
        const auto& whole = full.recipient.value;
        if (whole.size() > r.recipient.value.size() &&
            equal_ignoring_case(whole.substr(0, r.recipient.value.size()), r.recipient.value))
          r.recipient = full.recipient;
      }
    }
  }

  // Exim's report may name the file or the program that an address leads to, nobody's address.
  void name_files(const std::vector<std::string>& failed,
                  const std::vector<BounceRecipient>& named) {
    if (report_.recipients.size() != 1) return;
    auto& recipient = report_.recipients.front().recipient;
    if (!recipient.value.starts_with('/') && !recipient.value.starts_with('|')) return;
    if (failed.size() == 1) {
      recipient = {tidy(failed.front(), limits_.value_bytes_max), "X-Failed-Recipients"};
    } else if (named.size() == 1) {
      recipient = named.front().recipient;
    }
  }

  // A paste that ends inside of the report: whom the notice lists besides has failed as well.
  void add_cut_recipients(const Mail& bounce, const std::vector<BounceRecipient>& named) {
    const bool pasted = bounce.parts.size() == 1 && evidence_.delivery_status;
    if ((!has_type(bounce, "delivery-status") && !pasted) || !evidence_.named_recipient ||
        !bounce.enclosed.empty() || has_type(bounce, "rfc822-headers") || !notice_.returned.empty())
      return;
    const auto in = [](const std::vector<BounceRecipient>& list, const std::string& address) {
      return std::ranges::any_of(list, [&](const BounceRecipient& r) {
        return equal_ignoring_case(r.recipient.value, address);
      });
    };
    if (!std::ranges::all_of(report_.recipients,
                             [&](const auto& r) { return in(named, r.recipient.value); }))
      return;
    for (const auto& r : named) {
      if (report_.recipients.size() < limits_.recipients_max &&
          !in(report_.recipients, r.recipient.value))
        report_.recipients.push_back(r);
    }
  }

  // A provider lists its own users without its domain.
  void complete_local_names(const Mail& bounce, std::vector<BounceRecipient>& named) const {
    const auto& headers = notice_.forwarded.empty() ? bounce.headers : notice_.forwarded;
    const auto from = addresses_in(header_value(headers, "from"), 1);
    if (from.empty() || !is_robot(from.front())) return;
    for (auto& r : named) {
      if (r.recipient.from != kLocalName) continue;
      // To whom the original was addressed says more than where the notice comes from.
      const auto to = std::ranges::find_if(report_.original_to, [&](const Found& address) {
        return equal_ignoring_case(split_address(address.value).local_part, r.recipient.value);
      });
      if (to != report_.original_to.end()) {
        r.recipient.value = to->value;
      } else {
        r.recipient.value.append("@").append(split_address(from.front()).domain);
      }
    }
  }

  // Nothing names the recipient: what the original was addressed to, or a return address that
  // holds it (VERP: "list-bounces+juan=example.org@example.net").
  void guess_recipients(const Mail& bounce) {
    constexpr std::size_t kGuessesMax = 3;
    for (const auto& to : addresses_in(header_value(bounce.headers, "to"), 1)) {
      const auto local = split_address(to).local_part;
      const auto equals = local.rfind('=');
      const auto begin = local.substr(0, equals).find_last_of("+-", equals);
      if (equals == std::string_view::npos || begin == std::string_view::npos) continue;
      report_.recipients.emplace_back();
      report_.recipients.back().recipient = {
          std::string(local.substr(begin + 1, equals - begin - 1)) + "@" +
              std::string(local.substr(equals + 1)),
          "bounce To, inferred (VERP)"};
      return;
    }
    // "Undeliverable: juan@example.org"
    for (const auto& address : addresses_in(header_value(bounce.headers, "subject"), 1)) {
      const bool known = std::ranges::any_of(
          known_, [&](const std::string& k) { return equal_ignoring_case(k, address); });
      if (known || is_robot(address)) continue;
      report_.recipients.emplace_back();
      report_.recipients.back().recipient = {tidy(address, limits_.value_bytes_max), "subject"};
      return;
    }
    if (const auto last = envelope_recipient(bounce); !last.empty()) {
      report_.recipients.emplace_back();
      report_.recipients.back().recipient = {tidy(last, limits_.value_bytes_max),
                                             "original Received, inferred"};
      return;
    }
    if (report_.original_to.size() > kGuessesMax) return;
    for (const auto& to : report_.original_to) {
      report_.recipients.emplace_back();
      report_.recipients.back().recipient = {to.value, "original To, inferred"};
    }
  }

  // "Received: ... for <juan@example.org>; ...": to whom the host that reports had it addressed.
  std::string envelope_recipient(const Mail& bounce) const {
    static const RE2 form(R"((?i)\bfor <([^<>\s]+@[^<>\s]+)>)");
    static const RE2 line(R"((?im)^received:(?:[^\n]|\n[ \t])*?\bfor <([^<>\s]+@[^<>\s]+)>)");
    constexpr std::size_t kHead = 16'000;
    std::string found;
    if (bounce.enclosed.empty()) {
      RE2::PartialMatch(notice_.returned.substr(0, kHead), line, &found);
      return found;
    }
    const std::string received(header_value(bounce.enclosed.front().headers, "received"));
    RE2::PartialMatch(received, form, &found);
    return found;
  }

  static bool is_of_list(const std::vector<MailHeader>& headers) {
    return !header_value(headers, "list-unsubscribe").empty() ||
           !header_value(headers, "list-id").empty() ||
           equal_ignoring_case(header_value(headers, "precedence"), "list");
  }

  static bool auto_responder(const std::vector<MailHeader>& headers) {
    for (const auto name : {"x-autoreply", "x-autorespond", "x-autoreply-from", "x-mail-autoreply",
                            "x-auto-reply-from", "x-autogenerated"}) {
      if (!header_value(headers, name).empty()) return true;
    }
    const auto submitted = header_value(headers, "auto-submitted");
    const auto precedence = header_value(headers, "precedence");
    return contains_ignoring_case(submitted, "auto-replied") ||
           contains_ignoring_case(precedence, "auto_reply") ||
           contains_ignoring_case(header_value(headers, "x-auto-response-suppress"), "oof");
  }

  // No return path, sent in bulk, and no word of a failure: a program's answer.
  bool bulk_answer(const std::vector<MailHeader>& headers) const {
    const auto precedence = header_value(headers, "precedence");
    const bool bulk =
        equal_ignoring_case(precedence, "bulk") || equal_ignoring_case(precedence, "junk");
    return evidence_.null_sender && bulk && !evidence_.text.has(Phrase::failure) &&
           header_value(headers, "list-id").empty();
  }

  void decide(const Mail& root, const Mail& bounce) {
    auto& e = evidence_;
    const auto& headers = bounce.headers.empty() ? notice_.forwarded : bounce.headers;
    const bool inline_bounce = !notice_.forwarded.empty();
    e.has_headers = !inline_bounce && !(header_value(headers, "from").empty() &&
                                        header_value(headers, "subject").empty());
    e.forwarded = is_forward(header_value(root.headers, "subject"));
    e.passed_on = notice_.passed_on || is_passed_on(header_value(root.headers, "subject"));
    e.disposition = e.disposition || has_type(bounce, "disposition-notification");
    e.feedback = has_type(bounce, "feedback-report") ||
                 contains_ignoring_case(notice_.notice, "\nfeedback-type:");
    // Hotmail's: the complaint is the enclosed mail alone.
    static const RE2 complaint(
        R"((?i)^complaint about message from \S+$|^e-?mail feedback report )");
    e.feedback = e.feedback || RE2::PartialMatch(header_value(headers, "subject"), complaint);
    e.from_list = is_of_list(headers) && bounce.enclosed.empty();
    // A report part that could not be read still makes it a report.
    e.from_robot = is_robot_header(header_value(headers, "from")) || inline_bounce ||
                   has_type(bounce, "delivery-status");
    const auto path = header_value(headers, "return-path");
    e.null_sender = path == "<>" || path == "<MAILER-DAEMON>";
    e.text = phrases_in(without_subjects());
    e.auto_header = !inline_bounce && (auto_responder(headers) || bulk_answer(headers));
    e.subject =
        phrases_in_subject(header_value(inline_bounce ? notice_.forwarded : headers, "subject"));
    e.reply_class = reply_class();
    e.login_reply = is_login_reply(notice_.notice);
    if (!e.from_robot && !e.null_sender && !e.delivery_status && !e.failed_header && !e.from_list &&
        !e.log)
      e.program = program_error(notice_.notice);
    e.one_reply = has_one_reply();
    e.entry = begins_with_entry();
    e.names_mail = report_.message_id || !report_.original_to.empty() || !bounce.enclosed.empty();
    e.empty = trim(text_).empty() && !e.delivery_status && root.headers.empty() &&
              bounce.enclosed.empty();
    decide_kind(e, report_);
    report_.by_program = e.program != ProgramError::none && !e.empty;
    report_.is_report = e.from_robot || e.null_sender || e.delivery_status || e.failed_header ||
                        e.refusal || e.passed_on ||
                        (e.named_recipient && e.text.has(Phrase::failure));
  }

  static bool is_forward(std::string_view subject) {
    constexpr std::array kMarks = {"fwd:", "fw:", "rv:", "wg:", "tr:", "enc:"};
    const auto lower = ascii_lower(trim(subject).substr(0, 8));
    return std::ranges::any_of(kMarks, [&](std::string_view m) { return lower.starts_with(m); });
  }

  static bool is_passed_on(std::string_view subject) {
    constexpr std::array kMarks = {
        "fwd:", "fw:", "rv:", "wg:", "tr:", "enc:", "re:", "aw:", "rif:"};
    const auto lower = ascii_lower(trim(subject).substr(0, 8));
    return std::ranges::any_of(kMarks, [&](std::string_view m) { return lower.starts_with(m); });
  }

  // The subject of the original says nothing about what became of it.
  std::string without_subjects() const {
    static const RE2 subject(
        R"((?i)^(?:subject|asunto|betreff|objet|oggetto|assunto|onderwerp|temat|тема|předmět|ämne|emne|件名|主题|主旨) ?[:：])");
    std::string out;
    for (const auto& line : notice_.lines) {
      if (RE2::PartialMatch(line.text, subject)) continue;
      out.append(line.text).push_back('\n');
    }
    return out;
  }

  // One complete reply, code, status and words, in a letter that is no article about them: somebody
  // quotes what he got.
  bool has_one_reply() const {
    static const RE2 form(
        R"((?:^|[\s"'“«(:])([45]\d\d)[ -]#?([45]\.\d{1,3}\.\d{1,3}) [^\n]*\pL[^\n]*\pL)");
    constexpr std::size_t kLetterMax = 8'000;
    if (notice_.notice.size() > kLetterMax) return false;
    re2::StringPiece rest(notice_.notice.data(), notice_.notice.size());
    std::string code;
    std::string status;
    std::string first;
    while (RE2::FindAndConsume(&rest, form, &code, &status)) {
      if (first.empty()) first = code + status;
      if (code + status != first) return false;
    }
    return !first.empty();
  }

  // A piece of a notice: at its start an address by itself, and below it why: indented, as Exim
  // does, or in the words that MTAs put there.
  bool begins_with_entry() const {
    static const RE2 words(
        R"((?i)^(?:because|for the following reasons?|reason|failed because|the reason (?:was|is))\s*:|^(?:has |have )?failed due to\b|^was not delivered\b)");
    static const RE2 address(std::string(R"(^["'<]?)") + address_pattern() + R"(["'>]?:?$)");
    const TextLine* name = nullptr;
    for (const auto& line : notice_.lines) {
      if (line.text.empty()) continue;
      if (name != nullptr) {
        const bool quoted = line.text.size() > 12 && line.text.find(' ') != std::string_view::npos;
        return RE2::PartialMatch(line.text, words) || (quoted && line.indent > name->indent);
      }
      if (!RE2::FullMatch(line.text, address)) return false;
      name = &line;
    }
    return false;
  }

  // Whether somebody's letter only names a code: "it said 550 5.1.1." A reply has words.
  bool only_names_code() const {
    if (evidence_.from_robot || !evidence_.has_headers || evidence_.delivery_status) return false;
    const auto reply = best_reply(notice_.notice);
    if (reply.code == 0) return false;
    const auto said =
        notice_.notice.substr(reply.at, notice_.notice.find('\n', reply.at) - reply.at);
    return std::ranges::none_of(said, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<signed char>(c) < 0;
    });
  }

  int reply_class() const {
    if (only_names_code()) return 0;
    int klass = 0;
    for (const auto& r : report_.recipients) {
      for (const auto* found : {&r.reply_code, &r.enhanced_status}) {
        if (found->value.starts_with('5')) return 5;
        if (found->value.starts_with('4')) klass = 4;
      }
    }
    if (klass != 0) return klass;
    const auto reply = best_reply(notice_.notice);
    // An enhanced status alone may be a version number.
    return reply.code != 0 ? reply.code / 100 : 0;
  }

  // A reply read out on the phone names nobody, and means the same.
  void name_nobody() {
    report_.recipients.assign(1, {});
    const bool delayed = report_.kind == BounceKind::delayed;
    report_.recipients.front().action = {delayed ? "delayed" : "failed", kFromNotice};
    add_notice_details(notice_, limits_, report_.recipients);
  }

  void finish(const Mail& bounce) {
    const auto mta = reporting_mta_in(notice_.notice, limits_.value_bytes_max);
    if (mta && (!report_.reporting_mta || report_.reporting_mta.from == "bounce From"))
      report_.reporting_mta = mta;
    report_.arrived_at = parse_mail_date(report_.arrival_date.value, limits_.zone);
    const bool bad = report_.kind == BounceKind::failed || report_.kind == BounceKind::delayed;
    const bool login = report_.not_a_bounce == NotABounce::login_refused;
    if (login) {
      report_.account = {tidy(account_of(notice_.notice), limits_.value_bytes_max), kFromNotice};
      if (!report_.account) report_.account = {};
    }
    if (login || (bad && report_.recipients.empty())) name_nobody();
    constexpr std::size_t kNoticeMax = 8'000;
    if (login || report_.kind != BounceKind::not_a_bounce) {
      report_.notice = without_subjects().substr(0, kNoticeMax);
      return;
    }
    // Ordinary mail is asked about by its own names.
    report_.recipients.clear();
    const auto id = last_message_id(header_value(bounce.headers, "message-id"));
    if (report_.not_a_bounce == NotABounce::ordinary && !id.empty())
      report_.message_id = {tidy(id, limits_.value_bytes_max), "Message-ID"};
  }

  const BounceLimits& limits_;
  const std::function<bool()>& out_of_time_;
  BounceReport report_;
  KindEvidence evidence_;
  KnownAddresses known_;
  std::vector<std::string> writers_;
  std::string source_;  // as it was pasted
  std::string text_;
  NoticeText notice_;
};

}  // namespace

BounceReport read_bounce(std::string_view input, const BounceLimits& limits,
                         const std::function<bool()>& out_of_time) {
  return BounceReader(limits, out_of_time).run(input);
}

}  // namespace rastro
