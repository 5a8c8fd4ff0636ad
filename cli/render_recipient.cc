#include <boost/json.hpp>

#include "cli/json_fields.h"
#include "cli/page.h"
#include "cli/render.h"
#include "cli/render_show.h"
#include "cli/times.h"

namespace rastro::cli {
namespace {

namespace json = boost::json;

std::string where_text(const json::object& recipient, const View& view) {
  const auto place = text_of(recipient, "delivered_to");
  const auto folder = text_of(recipient, "folder");
  const auto& relay = object_of(recipient, "relay");
  const auto host = host_text(text_of(relay, "host"), text_of(relay, "ip"));
  if (place == "remote") {
    // Only of a relay of ours it is our move.
    const bool by_relay = text_of(object_of(recipient, "explanation"), "whose_move") == "us";
    if (by_relay && !host.empty()) return view.say(Text::where_relay, {host});
    return host.empty() ? view.say(Text::where_remote_unnamed)
                        : view.say(Text::where_remote, {host});
  }
  if (place == "mailbox" && !folder.empty())
    return view.say(Text::where_mailbox_folder, {escape(folder)});
  if (has_text(recipient, "forwarded_to"))
    return view.say(Text::where_sent_on, {escape(text_of(recipient, "forwarded_to"))});
  return place.empty() ? "" : view.named("where_", place);
}

std::string attempts_text(const json::object& recipient, const View& view) {
  const auto attempts = number_of(recipient, "attempts");
  auto last = view.clock_ago(text_of(recipient, "last_attempt_at"));
  if (attempts == 0 || last.empty()) return {};
  if (is_true(recipient, "attempts_before_log"))
    return view.say(Text::attempts_more, {view.number(attempts), last});
  if (attempts == 1) return last;
  return view.say(Text::attempts_many, {view.number(attempts),
                                        view.clock(text_of(recipient, "first_attempt_at")), last});
}

std::string through_text(const json::object& recipient) {
  const auto& relay = object_of(recipient, "relay");
  auto text = host_text(text_of(relay, "host"), text_of(relay, "ip"));
  const auto agent = text_of(recipient, "agent");
  if (text == agent) text.clear();
  if (!agent.empty()) text += (text.empty() ? "" : ", ") + escape(agent);
  const auto tls = text_of(recipient, "tls");
  if (!tls.empty()) text += ", " + escape(tls);
  return text;
}

std::string estimate(const json::object& recipient, const View& view, std::string_view name) {
  const auto at = text_of(recipient, name);
  if (at.empty()) return {};
  constexpr std::int64_t kLate = 600'000'000;  // microseconds
  const auto when = parse_api_time(at);
  const bool missed = name == "next_attempt_expected_at" && when && view.now_us > *when + kLate;
  return view.say(missed ? Text::next_missed : Text::next_about, {view.minute(at)});
}

}  // namespace

void show_recipients(Page& page, const RecipientGroup& group) {
  const auto& recipient = group.first();
  const bool several = group.members.size() > 1;
  const auto& view = page.view();
  constexpr std::size_t kIndent = 4;
  const auto outcome = text_of(recipient, "outcome");
  const auto reason = reason_text(recipient, view);
  auto ends = view.named("outcome_", outcome);
  if (!reason.empty()) ends += ": " + reason;
  const auto unknown = text_of(recipient, "unknown_because");
  if (!unknown.empty()) ends += ": " + view.named("unknown_", unknown);
  const auto name = several
                        ? view.say(Text::recipients_together,
                                   {view.number(static_cast<std::int64_t>(group.members.size()))})
                        : escape(text_of(recipient, "recipient"));
  // Painted apart, so that the lines may be cut anywhere.
  if (columns_of(name) + 4 + columns_of(ends) <= view.terminal.width) {
    page.raw("  " + name + "  " + view.paint(colour_of_outcome(outcome), ends) + "\n");
  } else {
    page.line(name);
    page.line(ends, kIndent);
  }
  const auto field = [&](Text label, const std::string& text) {
    page.field(view.say(label), text, kIndent);
  };
  if (several)
    field(Text::recipients_for_example, group.names(view));
  else
    field(Text::show_alias, escape(text_of(recipient, "original_recipient")));
  field(Text::show_where, where_text(recipient, view));
  if (text_of(recipient, "delivered_to") != "remote" || !text_of(recipient, "tls").empty())
    field(Text::show_through, through_text(recipient));
  field(Text::show_said, escape(text_of(recipient, "reply_text")));
  const bool one =
      number_of(recipient, "attempts") == 1 && !is_true(recipient, "attempts_before_log");
  field(one ? Text::show_when : Text::show_attempts, attempts_text(recipient, view));
  field(Text::show_next, estimate(recipient, view, "next_attempt_expected_at"));
  field(Text::show_gives_up, estimate(recipient, view, "gives_up_at"));
}

}  // namespace rastro::cli
