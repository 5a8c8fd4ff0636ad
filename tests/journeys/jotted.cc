#include "tests/journeys/jotted.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>

#include "tests/journeys/log_player.h"

namespace rastro {
namespace {

std::string text_in(const boost::json::object& object, std::string_view key) {
  const auto& value = object.at(key);
  return value.is_string() ? std::string(value.as_string()) : std::string();
}

Jotted jotted(const std::string& journey) {
  Jotted out;
  const auto value = boost::json::parse(journey).as_object();
  out.id = text_in(value, "id");
  for (const auto& leg : value.at("legs").as_array()) {
    const auto id = text_in(leg.as_object(), "queue_id");
    out.text.append(id.empty() ? "-" : id).append(" ");
  }
  out.text.append("|");
  const char* between = " ";
  for (const auto& entry : value.at("recipients").as_array()) {
    const auto& to = entry.as_object();
    out.text.append(between).append(text_in(to, "recipient")).append(" ");
    out.text.append(text_in(to, "outcome"));
    if (const auto folder = text_in(to, "folder"); !folder.empty()) {
      out.text.append(" ").append(folder);
    }
    between = ", ";
  }
  const auto& submission = value.at("submission").as_object();
  out.submission = text_in(submission, "method");
  if (const auto dir = text_in(submission, "script_dir"); !dir.empty()) {
    out.submission.append(" ").append(dir);
  }
  for (const auto& entry : value.at("facts").as_array()) {
    const auto& fact = entry.as_object();
    out.facts.push_back(text_in(fact, "source") + " " + text_in(fact, "name") + " " +
                        text_in(fact, "value"));
  }
  std::ranges::sort(out.facts);
  for (const auto& entry : value.at("links").as_array()) {
    const auto& link = entry.as_object();
    out.links.push_back(text_in(link, "kind") + " " + text_in(link, "direction") + " " +
                        text_in(link, "queue_id"));
    out.linked.push_back(text_in(link, "journey"));
    if (link.at("inferred").as_bool()) out.links.back().append(" inferred");
  }
  return out;
}

}  // namespace

std::vector<Jotted> jot(const std::vector<std::string>& lines) {
  const Log log{"/var/log/mail.log", "mx1", false, lines};
  LogPlayer straight({log});
  straight.play_all();
  const auto journeys = straight.journeys();
  LogPlayer restarted({log});
  while (restarted.play(0)) {
    restarted.flush();
    restarted.restart();
  }
  EXPECT_EQ(restarted.journeys(), journeys) << "with a restart behind every line";
  std::vector<Jotted> out;
  for (const auto& journey : journeys) out.push_back(jotted(journey));
  return out;
}

std::vector<std::string> jot_texts(const std::vector<std::string>& lines) {
  std::vector<std::string> out;
  for (auto& journey : jot(lines)) out.push_back(std::move(journey.text));
  return out;
}

}  // namespace rastro
