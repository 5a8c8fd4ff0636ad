#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <map>
#include <string_view>

#include "cli/json_fields.h"
#include "cli/page.h"
#include "cli/render_show.h"
#include "cli/times.h"

namespace rastro::cli {
namespace {

namespace json = boost::json;

// A timeline longer than this is cut in the middle: the first and the last entries say most.
constexpr std::size_t kEntriesMax = 24;
constexpr std::size_t kHead = 8;

// No connection came about, in the words of Postfix and of Exim; else the server was there.
bool is_unreached(std::string_view words) {
  constexpr std::array<std::string_view, 9> kUnreached = {
      "connect to ",         "Connection refused", "Connection timed out",
      "Operation timed out", "No route to host",   "Network is unreachable",
      "Host is unreachable", "Network is down",    "Host is down"};
  return words.empty() ||
         std::ranges::any_of(kUnreached, [&](auto start) { return words.starts_with(start); });
}

std::string kind_text(const View& view, const json::object& entry) {
  const auto kind = text_of(entry, "kind");
  if (kind == "host_failure" && !is_unreached(text_of(entry, "reply_text")))
    return view.say(Text::timeline_host_failed);
  return find_text("timeline_", kind) ? view.named("timeline_", kind)
                                      : view.named("outcome_", kind);
}

std::string offset_text(const View& view, std::optional<std::int64_t> start,
                        const json::object& entry) {
  const auto at = parse_api_time(text_of(entry, "at"));
  if (!at) return escape(text_of(entry, "at"));
  // The first entry says when; the others how long after it.
  if (!start || *at <= *start) return view.clock(*at);
  return "+" + view.duration(*at - *start);
}

class Timeline {
 public:
  Timeline(const json::object& journey, const View& view) : view_(view) {
    several_ = array_of(journey, "recipients").size() > 1;
    for (const auto& value : array_of(journey, "recipients")) {
      if (!value.is_object()) continue;
      const auto& recipient = value.get_object();
      shown_reply_[text_of(recipient, "recipient")] = text_of(recipient, "reply_text");
    }
  }

  std::string text(const json::object& entry) {
    const auto at = parse_api_time(text_of(entry, "at"));
    auto out = offset_text(view_, start_, entry);
    if (!start_) start_ = at;
    if (columns_of(out) < kTimeColumns) out.append(kTimeColumns - columns_of(out), ' ');
    const auto recipient = text_of(entry, "recipient");
    out += "  " + kind_text(view_, entry);
    if (several_ && !recipient.empty()) out += " " + escape(recipient);
    const auto& relay = object_of(entry, "relay");
    const auto through = host_text(text_of(relay, "host"), text_of(relay, "ip"));
    if (!through.empty() && through != "none")
      out += " " + std::string(view_.arrow()) + " " + through;
    const auto reply = text_of(entry, "reply_text");
    if (reply.empty()) return out;
    auto& last = last_reply_[recipient];
    const bool repeated = last == reply;
    last = reply;
    if (reply.size() > kShortReply) {
      if (repeated) return out + ": " + view_.say(Text::timeline_same_answer);
      if (shown_reply_[recipient] == reply)
        return out + ": " + view_.say(Text::timeline_answer_above);
    }
    return out + ": " + escape(reply);
  }

 private:
  static constexpr std::size_t kTimeColumns = 10;
  static constexpr std::size_t kShortReply = 20;
  const View& view_;
  bool several_ = false;
  std::optional<std::int64_t> start_;
  std::map<std::string, std::string> last_reply_;   // by recipient
  std::map<std::string, std::string> shown_reply_;  // in the recipients' section
};

// Wrapped with the further lines under the text, not under the time.
void add_entry(Page& page, const std::string& text) {
  constexpr std::size_t kIndent = 14;
  auto block = wrap(text, page.view().terminal.width - (kIndent - 2), 2);
  const auto first_end = block.find('\n') + 1;
  std::string rest = block.substr(first_end);
  page.raw(block.substr(0, first_end));
  for (std::size_t end = 0; (end = rest.find('\n')) != std::string::npos; rest.erase(0, end + 1))
    page.raw(std::string(kIndent - 2, ' ') + rest.substr(0, end + 1));
}

}  // namespace

void show_timeline(Page& page, const json::object& journey, bool full) {
  const auto& entries = array_of(journey, "timeline");
  if (entries.empty()) return;
  page.heading(page.view().say(Text::show_timeline));
  Timeline timeline(journey, page.view());
  const auto left_out = full || entries.size() <= kEntriesMax ? 0 : entries.size() - kEntriesMax;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!entries[i].is_object()) continue;
    const auto text = timeline.text(entries[i].get_object());
    if (left_out > 0 && i >= kHead && i < kHead + left_out) {
      if (i == kHead) {
        page.line(page.view().say(Text::timeline_left_out,
                                  {page.view().number(static_cast<std::int64_t>(left_out))}),
                  14);
      }
      continue;
    }
    add_entry(page, text);
  }
}

}  // namespace rastro::cli
