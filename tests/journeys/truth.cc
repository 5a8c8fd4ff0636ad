#include "tests/journeys/truth.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "core/address.h"

namespace rastro {
namespace {

namespace json = boost::json;

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : std::string();
}
std::string shown(const json::value& value) { return json::serialize(value); }

json::value bare_message_id(const json::value& value) {
  auto id = text_of(value);
  if (id.size() > 1 && id.front() == '<' && id.back() == '>') id = id.substr(1, id.size() - 2);
  return value.is_string() ? json::value(id) : value;
}

// The address that the customer wrote, if this host changed it; letters' case is no change.
json::value original_of(const json::object& recipient) {
  const auto& original = recipient.at("original_recipient");
  const bool changed = original.is_string() &&
                       !equal_ignoring_case(text_of(original), text_of(recipient.at("recipient")));
  return changed ? original : json::value(nullptr);
}
std::string name_of(const json::object& recipient) {
  const auto original = original_of(recipient);
  return text_of(recipient.at("recipient")) +
         (original.is_string() ? " for " + text_of(original) : "");
}

class Comparison {
 public:
  Comparison(const json::value& truth, const std::vector<json::object>& journeys,
             const std::string& log)
      : truth_(truth.as_object()), journeys_(journeys), log_(log) {}

  std::vector<std::string> run() {
    for (const auto& message : truth_.at("messages").as_array()) compare(message.as_object());
    explain_children();
    for (const auto& journey : journeys_) {
      if (claimed_.contains(id_of(journey)) || was_given_up(journey)) continue;
      std::string told = "unexplained journey from " + shown(journey.at("envelope_sender")) + " to";
      for (const auto& recipient : journey.at("recipients").as_array()) {
        told += " " + name_of(recipient.as_object()) + " " +
                text_of(recipient.as_object().at("outcome"));
      }
      found_.push_back(told);
    }
    return std::move(found_);
  }

 private:
  // The truth is of messages whose content was sent. A dialogue that was given up before has no
  // queue id, and its recipients have no outcome.
  static bool was_given_up(const json::object& journey) {
    if (text_of(journey.at("arrival")) != "broken_off") return false;
    const auto& recipients = journey.at("recipients").as_array();
    return !recipients.empty() && std::ranges::all_of(recipients, [](const json::value& recipient) {
      return text_of(recipient.at("outcome")) == "unknown";
    }) && std::ranges::all_of(journey.at("legs").as_array(), [](const json::value& leg) {
      return text_of(leg.at("queue_id")).empty();
    });
  }
  static std::string id_of(const json::object& journey) { return text_of(journey.at("id")); }

  bool said(const json::value& value) const {
    return value.is_string() && log_.find(text_of(value)) != std::string::npos;
  }

  const json::object* find(const std::function<bool(const json::object&)>& fits) const {
    for (const auto& journey : journeys_) {
      if (!claimed_.contains(id_of(journey)) && !was_given_up(journey) && fits(journey))
        return &journey;
    }
    return nullptr;
  }

  static bool has_queue_id(const json::object& journey, const std::string& queue_id) {
    return std::ranges::any_of(journey.at("legs").as_array(), [&](const json::value& leg) {
      return text_of(leg.as_object().at("queue_id")) == queue_id;
    });
  }

  static bool shares_recipient(const json::object& message, const json::object& journey) {
    for (const auto& mine : message.at("recipients").as_array()) {
      for (const auto& theirs : journey.at("recipients").as_array()) {
        for (const auto* key : {"recipient", "original_recipient"}) {
          const auto address = text_of(mine.as_object().at(key));
          if (!address.empty() &&
              equal_ignoring_case(address, text_of(theirs.as_object().at("recipient")))) {
            return true;
          }
        }
      }
    }
    return false;
  }

  // By queue id, by Message-ID, else by who sent what to whom, ever less of it: a refusal may name
  // no recipient, or no address at all.
  const json::object* journey_of(const json::object& message) const {
    if (const auto& id = message.at("queue_id"); id.is_string()) {
      return find([&](const auto& journey) { return has_queue_id(journey, text_of(id)); });
    }
    if (const auto& id = message.at("message_id"); said(id)) {
      const auto wanted = bare_message_id(id);
      if (const auto* by_id =
              find([&](const auto& journey) { return journey.at("message_id") == wanted; })) {
        return by_id;
      }
    }
    const auto& client = message.at("submission").as_object().at("client_ip");
    const auto same_client = [&](const json::object& journey) {
      return journey.at("submission").as_object().at("client_ip") == client;
    };
    const auto same_sender = [&](const json::object& journey) {
      return journey.at("envelope_sender").is_string() &&
             equal_ignoring_case(text_of(journey.at("envelope_sender")),
                                 text_of(message.at("envelope_sender")));
    };
    const auto same_end = [&](const json::object& journey) {
      return message.at("accepted").as_bool() == !journey.at("accepted").is_null();
    };
    const auto nobody = [](const json::object& journey) {
      return journey.at("recipients").as_array().empty();
    };
    const std::function<bool(const json::object&)> ways[] = {
        [&](const auto& j) {
          return same_sender(j) && same_client(j) && same_end(j) && shares_recipient(message, j);
        },
        [&](const auto& j) {
          return same_sender(j) && same_end(j) && shares_recipient(message, j);
        },
        [&](const auto& j) { return same_sender(j) && same_client(j) && same_end(j) && nobody(j); },
        [&](const auto& j) {
          return j.at("envelope_sender").is_null() && same_client(j) && same_end(j) && nobody(j);
        }};
    for (const auto& way : ways) {
      if (const auto* journey = find(way)) return journey;
    }
    return nullptr;
  }

  void expect(const std::string& what, const json::value& want, const json::value& got) {
    if (want != got)
      found_.push_back(who_ + ": " + what + ": want " + shown(want) + " got " + shown(got));
  }

  void compare(const json::object& message) {
    who_ =
        message.at("message_id").is_string() ? text_of(message.at("message_id")) : "no Message-ID";
    const auto* journey = journey_of(message);
    if (journey == nullptr) {
      found_.push_back(who_ + ": no journey");
      return;
    }
    claimed_.insert(id_of(*journey));
    expect("envelope_sender", message.at("envelope_sender"), journey->at("envelope_sender"));
    if (said(message.at("message_id"))) {
      expect("message_id", bare_message_id(message.at("message_id")), journey->at("message_id"));
    }
    expect("accepted", message.at("accepted"), !journey->at("accepted").is_null());
    compare_submission(message.at("submission").as_object(), journey->at("submission").as_object());
    compare_recipients(message, *journey);
    compare_bounce(message.at("bounce"), *journey);
  }

  void compare_submission(const json::object& want, const json::object& got) {
    expect("submission method", want.at("method"), got.at("method"));
    expect("login", want.at("login"), got.at("login"));
    expect("client_ip", want.at("client_ip"), got.at("client_ip"));
    if (!want.at("user").is_string()) return;
    // pickup logs the number only.
    if (text_of(truth_.at("mta")) == "exim") {
      expect("user", want.at("user"), got.at("user"));
    } else {
      expect("uid known", true, !got.at("uid").is_null());
    }
  }

  void compare_recipients(const json::object& message, const json::object& journey) {
    std::multimap<std::string, const json::object*> got;
    for (const auto& recipient : journey.at("recipients").as_array()) {
      got.emplace(name_of(recipient.as_object()), &recipient.as_object());
    }
    for (const auto& recipient : message.at("recipients").as_array()) {
      const auto& want = recipient.as_object();
      auto found = got.find(name_of(want));
      // Exim logs the local part alone of what an alias expands to on its own host.
      if (found == got.end() && text_of(truth_.at("mta")) == "exim") {
        auto bare = want;
        const auto address = text_of(want.at("recipient"));
        bare["recipient"] = address.substr(0, address.rfind('@'));
        found = got.find(name_of(bare));
      }
      if (found == got.end()) {
        found_.push_back(who_ + ": no recipient " + name_of(want) + " " +
                         text_of(want.at("outcome")));
        continue;
      }
      compare_recipient(want, *found->second);
      got.erase(found);
    }
    for (const auto& [name, extra] : got) {
      found_.push_back(who_ + ": nobody sent it to " + name + " " + text_of(extra->at("outcome")));
    }
  }

  void compare_recipient(const json::object& want, const json::object& got) {
    const auto name = name_of(want);
    expect(name + " outcome", want.at("outcome"), got.at("outcome"));
    if (want.at("delivered_to").is_string()) {
      expect(name + " delivered_to", want.at("delivered_to"), got.at("delivered_to"));
    }
    // How often another server was asked; deliveries on this host take one try.
    const auto asked = want.at("times_asked").as_int64();
    const bool local = asked == 0 && text_of(want.at("outcome")) == "delivered" &&
                       text_of(want.at("delivered_to")) != "remote";
    if (local || asked > 0) {
      expect(name + " attempts", local ? 1 : asked, got.at("attempts").to_number<std::int64_t>());
    }
  }

  void compare_bounce(const json::value& want, const json::object& journey) {
    const json::object* child = nullptr;
    for (const auto& link : journey.at("links").as_array()) {
      const auto& fields = link.as_object();
      if (text_of(fields.at("kind")) != "bounce" || text_of(fields.at("direction")) != "child") {
        continue;
      }
      child =
          find([&](const auto& other) { return id_of(other) == text_of(fields.at("journey")); });
      if (child == nullptr) found_.push_back(who_ + ": its bounce has no journey");
      break;
    }
    if (want.is_null() || child == nullptr) {
      expect("bounced", !want.is_null(), child != nullptr);
      return;
    }
    claimed_.insert(id_of(*child));
    expect("bounce submission", "bounce", child->at("submission").as_object().at("method"));
    expect("bounce sender", "", child->at("envelope_sender"));
    const auto& fields = want.as_object();
    for (const auto& recipient : child->at("recipients").as_array()) {
      const auto& got = recipient.as_object();
      expect("bounce to", fields.at("recipient"), got.at("recipient"));
      expect("bounce outcome", fields.at("outcome"), got.at("outcome"));
    }
    expect("bounce recipients", 1, child->at("recipients").as_array().size());
  }

  // Delay warnings, delivery reports, bounces of bounces: made of a message that is explained.
  void explain_children() {
    for (bool more = true; more;) {
      more = false;
      for (const auto& journey : journeys_) {
        if (!claimed_.contains(id_of(journey))) continue;
        for (const auto& link : journey.at("links").as_array()) {
          const auto& fields = link.as_object();
          const auto kind = text_of(fields.at("kind"));
          const bool made = kind == "delay_notice" || kind == "report" ||
                            (kind == "bounce" && text_of(journey.at("envelope_sender")).empty());
          if (made && text_of(fields.at("direction")) == "child" &&
              claimed_.insert(text_of(fields.at("journey"))).second) {
            more = true;
          }
        }
      }
    }
  }

  const json::object& truth_;
  const std::vector<json::object>& journeys_;
  const std::string& log_;
  std::set<std::string> claimed_;
  std::string who_;
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> differences(const json::value& truth,
                                     const std::vector<json::object>& journeys,
                                     const std::string& log) {
  return Comparison(truth, journeys, log).run();
}

}  // namespace rastro
