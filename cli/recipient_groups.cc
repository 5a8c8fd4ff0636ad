#include "cli/recipient_groups.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>

#include "cli/json_fields.h"

namespace rastro::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kAloneMax = 10;

// What has to be the same for the same words to explain both.
std::string way_of(const json::object& recipient) {
  std::string way;
  for (const auto* name : {"outcome", "delivered_to", "folder", "unknown_because", "reason"})
    way += text_of(recipient, name) + '\n';
  const auto& relay = object_of(recipient, "relay");
  const auto& explanation = object_of(recipient, "explanation");
  return way + text_of(relay, "host") + '\n' + text_of(relay, "ip") + '\n' +
         std::to_string(number_of(recipient, "reply_code")) + '\n' +
         text_of(explanation, "whose_move") + (is_true(explanation, "final") ? "final" : "");
}

bool is_asked_for(const json::object& recipient, const std::string& address) {
  const auto same = [&](std::string_view name) {
    auto known = CLI::detail::to_lower(text_of(recipient, name));
    if (address.find('@') == std::string::npos)
      known.resize(std::min(known.find('@'), known.size()));
    return known == CLI::detail::to_lower(address);
  };
  return same("recipient") || same("original_recipient");
}

}  // namespace

std::string RecipientGroup::names(const View& view) const {
  constexpr std::size_t kNamed = 3;
  std::string out;
  for (std::size_t i = 0; i < members.size() && (i < kNamed || members.size() == kNamed + 1); ++i) {
    if (i > 0) out += ", ";
    const auto name = text_of(*members[i], "recipient");
    out += name.empty() ? view.say(Text::list_no_recipients) : escape(name);
  }
  if (members.size() <= kNamed + 1) return out;
  return view.say(Text::recipients_more,
                  {out, view.number(static_cast<std::int64_t>(members.size() - kNamed))});
}

std::vector<RecipientGroup> recipient_groups(const json::object& journey, bool apart) {
  const auto& recipients = array_of(journey, "recipients");
  std::vector<RecipientGroup> groups;
  const auto& unnamed = object_of(journey, "unnamed_recipients");
  if (recipients.empty() && !unnamed.empty()) groups.push_back({{&unnamed}});
  std::map<std::string, std::size_t> by_way;
  for (const auto& value : recipients) {
    if (!value.is_object()) continue;
    const auto& recipient = value.get_object();
    const auto [known, is_new] = by_way.try_emplace(way_of(recipient), groups.size());
    if (is_new || apart || recipients.size() <= kAloneMax) {
      groups.push_back({{&recipient}});
    } else {
      groups[known->second].members.push_back(&recipient);
    }
  }
  return groups;
}

json::object only_of(json::object journey, const std::string& typed) {
  if (typed.empty()) return journey;
  // "juan@": his domain is not remembered.
  const auto address =
      typed.size() > 1 && typed.ends_with('@') ? typed.substr(0, typed.size() - 1) : typed;
  json::array kept;
  std::set<std::string> names;
  for (const auto& value : array_of(journey, "recipients")) {
    if (!value.is_object() || !is_asked_for(value.get_object(), address)) continue;
    names.insert(text_of(value.get_object(), "recipient"));
    kept.push_back(value);
  }
  journey["recipients"] = std::move(kept);
  if (!journey.contains("timeline")) return journey;
  json::array entries;
  for (const auto& value : array_of(journey, "timeline")) {
    const auto whose = value.is_object() ? text_of(value.get_object(), "recipient") : std::string();
    if (whose.empty() || names.contains(whose)) entries.push_back(value);
  }
  journey["timeline"] = std::move(entries);
  return journey;
}

std::string recipients_listed(const json::object& journey) {
  constexpr std::size_t kShownMax = 10;
  std::string out;
  std::size_t shown = 0;
  for (const auto& value : array_of(journey, "recipients")) {
    if (!value.is_object()) continue;
    if (shown++ == kShownMax) return out + ", ...";
    out += (out.empty() ? "" : ", ") + escape(text_of(value.get_object(), "recipient"));
  }
  return out.empty() ? "?" : out;
}

}  // namespace rastro::cli
