#include "daemon/answer/match.h"

#include <algorithm>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include "config/quantity.h"
#include "core/address.h"
#include "core/ip_networks.h"
#include "core/message_id.h"
#include "daemon/answer/direction.h"
#include "daemon/answer/idn.h"
#include "daemon/answer/letters.h"
#include "daemon/answer/mail_header.h"
#include "daemon/answer/typed.h"
#include "daemon/times/spoken_words.h"
#include "store/keys.h"

namespace rastro {
namespace {

using Fit = AddressPattern::Fit;

bool is_glob(std::string_view text) { return text.find_first_of("*?") != std::string_view::npos; }

// Part of the text, or a glob over all of it when it has a '*'. "FACTURACION" finds "Facturación".
bool text_matches(const std::string& typed, std::string_view text) {
  const auto glob = typed.find('*') != std::string::npos ? typed : "*" + typed + "*";
  if (glob_matches(glob, text)) return true;
  const auto is_foreign = [](char c) { return (c & 0x80) != 0; };
  if (std::ranges::none_of(text, is_foreign) && std::ranges::none_of(typed, is_foreign))
    return false;
  return glob_matches(without_accents(lower_letters(glob)), without_accents(lower_letters(text)));
}

bool message_id_matches(const std::string& typed, const std::string& message_id) {
  if (typed.find('*') != std::string::npos) {
    return glob_matches(std::string(bare_message_id(typed)), bare_message_id(message_id));
  }
  return bare_message_id(typed) == bare_message_id(message_id);
}

bool has_login(const std::string& typed, const Submission& submission) {
  return submission.login && login_matches(typed, *submission.login);
}

// "gmail.com" for a relay: its hosts are called otherwise (gmail-smtp-in.l.google.com), and who
// asks means them all the same. What was handed to a mailbox of this server went to no such host.
bool is_relay_for(const std::string& domain, const LegRecipient& state, const Endpoint& relay) {
  return is_host_name(domain) && !relay.ip.empty() && relay.ip.find('/') == std::string::npos &&
         !is_loopback(relay.ip) && state.agent != "lmtp" && domain_matches(domain, state.recipient);
}

bool relay_matches(const std::string& typed, const LegRecipient& state, const Endpoint& relay) {
  return endpoint_matches(typed, relay) || is_relay_for(typed, state, relay);
}

template <typename Value>
bool holds(const std::vector<Value>& wanted, Value value) {
  return wanted.empty() || std::ranges::find(wanted, value) != wanted.end();
}

// The best fit of the addresses under which a recipient is known.
Fit best_fit(const AddressPattern& pattern, const LegRecipient& recipient, std::string& address) {
  Fit best = Fit::none;
  const auto look = [&](std::string_view candidate) {
    const auto fit = pattern.fit(candidate);
    if (fit <= best) return;
    best = fit;
    address = candidate;
  };
  // Of two that fit equally well, the one that people know.
  if (recipient.original_recipient) look(*recipient.original_recipient);
  look(recipient.recipient);
  if (recipient.dsn_original_recipient) {
    const auto semicolon = recipient.dsn_original_recipient->find(';');  // "rfc822;juan@..."
    look(std::string_view(*recipient.dsn_original_recipient).substr(semicolon + 1));
  }
  return best;
}

Fit best_sender(const AddressPattern& pattern, const LegRecord& leg, std::string& address) {
  Fit best = Fit::none;
  if (leg.envelope_sender) {
    best = pattern.fit(*leg.envelope_sender);
    if (best > Fit::none) address = *leg.envelope_sender;
  }
  if (leg.submission.login) {
    const auto fit = pattern.fit(*leg.submission.login);
    if (fit > best) {
      best = fit;
      address = *leg.submission.login;
    }
  }
  return best;
}

// Attempts of that recipient which are not its last one.
template <typename Test>
bool any_attempt(const LegRecord& leg, const LegRecipient& state, Test&& test) {
  return std::ranges::any_of(leg.timeline, [&](const TimelineEntry& entry) {
    const auto index = static_cast<std::size_t>(entry.recipient);
    const bool own = entry.recipient < 0 || (index < leg.recipients.size() &&
                                             leg.recipients[index].recipient == state.recipient);
    return own && test(entry);
  });
}

// The names that a recipient had on the way here: an alias of an alias stands on a leg only.
Fit fit_on_legs(const AddressPattern& pattern, const Journey& journey, std::string& address) {
  Fit best = Fit::none;
  for (const auto& leg : journey.legs) {
    for (const auto& recipient : leg.recipients) {
      if (recipient.outcome != Outcome::passed) continue;
      std::string candidate;
      const auto fit = best_fit(pattern, recipient, candidate);
      if (fit <= best) continue;
      best = fit;
      address = candidate;
    }
  }
  return best;
}

bool state_matches(const Journey& journey, const JourneyRecipient& recipient,
                   const FindRequest& want) {
  const auto& state = recipient.state;
  const auto& leg = journey.legs[recipient.leg];
  if (!holds(want.outcomes, state.outcome) || !holds(want.reasons, state.reason)) return false;
  if (!want.relay.empty() && !relay_matches(want.relay, state, state.relay) &&
      !any_attempt(leg, state, [&](const TimelineEntry& entry) {
        return relay_matches(want.relay, state, entry.relay);
      }))
    return false;
  return want.text.empty() || text_matches(want.text, state.reply_text) ||
         any_attempt(leg, state, [&](const TimelineEntry& entry) {
           return text_matches(want.text, entry.text);
         });
}

bool asks_for_state(const FindRequest& want) {
  return !want.outcomes.empty() || !want.reasons.empty() || !want.relay.empty() ||
         !want.text.empty();
}

template <typename Test>
bool any_leg(const Journey& journey, Test&& test) {
  return std::ranges::any_of(journey.legs, test);
}

// How it came in, not through which filters of ours it went then: with a filter before each
// mailbox, "127.0.0.1" would be the client of all mail. A host of ours that handed it on counts.
bool client_matches(const Journey& journey, const std::string& typed) {
  const auto& arrival = arrival_leg(journey);
  if (endpoint_matches(typed, arrival.submission.client)) return true;
  return any_leg(journey, [&](const LegRecord& leg) {
    const auto& client = leg.submission.client;
    return &leg != &arrival && !is_loopback(client.ip) &&
           std::ranges::none_of(leg.links,
                                [](const LegLink& link) {
                                  return link.kind == LegLink::Kind::filter &&
                                         link.direction == LegLink::Direction::parent;
                                }) &&
           endpoint_matches(typed, client);
  });
}

bool legs_match(const Journey& journey, const FindRequest& want) {
  if (!want.queue_id.empty() &&
      !any_leg(journey, [&want, forms = queue_id_forms(want.queue_id)](const LegRecord& leg) {
        return std::ranges::find(forms, leg.queue_id) != forms.end() &&
               is_host_called(leg.host, want.queue_host);
      }))
    return false;
  if (!want.message_id.empty() && !any_leg(journey, [&](const LegRecord& leg) {
        return leg.message_id && message_id_matches(want.message_id, *leg.message_id);
      }))
    return false;
  if (!want.client.empty() && !client_matches(journey, want.client)) return false;
  if (!want.login.empty() && !any_leg(journey, [&](const LegRecord& leg) {
        return has_login(want.login, leg.submission);
      }))
    return false;
  if (!want.subject.empty() && !any_leg(journey, [&](const LegRecord& leg) {
        return leg.subject && text_matches(want.subject, decode_header(*leg.subject));
      }))
    return false;
  // How it came in, not how a filter gave it back.
  if (!holds(want.submissions, arrival_leg(journey).submission.method)) return false;
  return want.direction.empty() || direction_of(journey) == want.direction;
}

// The best sender, then whether one recipient has all that is asked of one.
class AddressMatch {
 public:
  AddressMatch(const Journey& journey, const FindRequest& want) : journey_(journey), want_(want) {}

  bool run(Matched& out) {
    bool any_is_sender = false;
    bool domain_is_senders = false;
    for (const auto& leg : journey_.legs) {
      std::string address;
      if (want_.sender)
        keep(out.sender, out.sender_address, best_sender(*want_.sender, leg, address), address);
      if (want_.any) {
        keep(out.sender, out.sender_address, best_sender(*want_.any, leg, address), address);
        any_is_sender = out.sender > Fit::misspelt || any_is_sender;
      }
      if (!want_.domain.empty()) domain_is_senders = domain_is_senders || sender_domain(leg);
    }
    if (want_.sender && out.sender <= Fit::misspelt) return false;
    const auto* pattern = want_.recipient ? &*want_.recipient : nullptr;
    const auto* other = want_.any && !any_is_sender ? &*want_.any : nullptr;
    const bool wants_domain = !want_.domain.empty() && !domain_is_senders;
    if (pattern == nullptr && other == nullptr && !wants_domain && !asks_for_state(want_))
      return true;
    bool found = false;
    const bool by_address = pattern != nullptr || other != nullptr || wants_domain;
    if (!by_address && journey_.unnamed && state_matches(journey_, *journey_.unnamed, want_))
      return true;
    bool any_itself = false;
    std::vector<bool> by_itself;
    for (std::size_t i = 0; i < journey_.recipients.size(); ++i) {
      const auto& recipient = journey_.recipients[i];
      if (!state_matches(journey_, recipient, want_)) continue;
      if (wants_domain && !recipient_domain(recipient.state)) continue;
      std::string address;
      const auto fit = both(pattern, other, recipient.state, address);
      if ((pattern != nullptr || other != nullptr) && fit == Fit::none) continue;
      found = true;
      keep(out.recipient, out.recipient_address, fit, address);
      by_itself.push_back(fits_itself(pattern, recipient.state) &&
                          fits_itself(other, recipient.state));
      any_itself = any_itself || by_itself.back();
      out.recipients.push_back({i, std::move(address)});
    }
    // A name that stands on the way here only may be anybody's, but not when it is somebody's.
    if (any_itself) keep_marked(out.recipients, by_itself);
    return found;
  }

 private:
  static void keep(Fit& best, std::string& best_address, Fit fit, const std::string& address) {
    if (fit <= best) return;
    best = fit;
    best_address = address;
  }

  static bool fits_itself(const AddressPattern* pattern, const LegRecipient& state) {
    std::string ignored;
    return pattern == nullptr || best_fit(*pattern, state, ignored) != Fit::none;
  }
  static void keep_marked(std::vector<MatchedRecipient>& recipients,
                          const std::vector<bool>& marked) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < recipients.size(); ++i) {
      if (marked[i]) std::swap(recipients[kept++], recipients[i]);
    }
    recipients.resize(kept);
  }

  Fit one(const AddressPattern& pattern, const LegRecipient& state, std::string& address) const {
    const auto fit = best_fit(pattern, state, address);
    return fit != Fit::none ? fit : fit_on_legs(pattern, journey_, address);
  }

  Fit both(const AddressPattern* first, const AddressPattern* second, const LegRecipient& state,
           std::string& address) const {
    const auto fit = first == nullptr ? Fit::none : one(*first, state, address);
    if (second == nullptr || (first != nullptr && fit == Fit::none)) return fit;
    std::string other;
    const auto second_fit = one(*second, state, other);
    if (first == nullptr) address = other;
    return first == nullptr ? second_fit : std::min(fit, second_fit);
  }

  bool sender_domain(const LegRecord& leg) const {
    return (leg.envelope_sender && domain_matches(want_.domain, *leg.envelope_sender)) ||
           (leg.submission.login && domain_matches(want_.domain, *leg.submission.login));
  }
  bool recipient_domain(const LegRecipient& state) const {
    return domain_matches(want_.domain, state.recipient) ||
           (state.original_recipient && domain_matches(want_.domain, *state.original_recipient));
  }

  const Journey& journey_;
  const FindRequest& want_;
};

// A leg that can give a recipient its state, or the message when none is named; earlier attempts
// are not in a summary, so a leg with several is never ruled out by a reply or a relay.
bool may_give_state(const LegRecord& leg, const FindRequest& want) {
  if (leg.recipients.empty()) return true;  // what became of it stands in the timeline
  return std::ranges::any_of(leg.recipients, [&](const LegRecipient& recipient) {
    // What was passed on and is never heard of again becomes unknown.
    const auto outcome =
        recipient.outcome == Outcome::passed ? Outcome::unknown : recipient.outcome;
    if (!holds(want.outcomes, outcome) || !holds(want.reasons, recipient.reason)) return false;
    if (recipient.attempts > 1) return true;
    return (want.relay.empty() || relay_matches(want.relay, recipient, recipient.relay)) &&
           (want.text.empty() || text_matches(want.text, recipient.reply_text));
  });
}

bool leg_has_recipient(const LegRecord& leg, const AddressPattern& pattern) {
  std::string ignored;
  return std::ranges::any_of(leg.recipients, [&](const LegRecipient& recipient) {
    return best_fit(pattern, recipient, ignored) != Fit::none;
  });
}
bool leg_has_sender(const LegRecord& leg, const AddressPattern& pattern) {
  std::string ignored;
  return best_sender(pattern, leg, ignored) != Fit::none;
}
bool leg_has_domain(const LegRecord& leg, const std::string& domain) {
  const AddressPattern pattern((domain.starts_with('.') || !is_glob(domain) ? "@" : "*@") + domain);
  return leg_has_recipient(leg, pattern) || leg_has_sender(leg, pattern);
}

// What can be read off one leg when no key helps: the first that is asked.
std::function<bool(const LegRecord&)> leg_test(const FindRequest& want) {
  if (asks_for_state(want))
    return [&want](const LegRecord& leg) { return may_give_state(leg, want); };
  if (want.recipient)
    return [&want](const LegRecord& leg) { return leg_has_recipient(leg, *want.recipient); };
  if (want.sender)
    return [&want](const LegRecord& leg) { return leg_has_sender(leg, *want.sender); };
  if (!want.login.empty())
    return [&want](const LegRecord& leg) { return has_login(want.login, leg.submission); };
  if (!want.client.empty())
    return [&want](const LegRecord& leg) {
      return endpoint_matches(want.client, leg.submission.client);
    };
  if (!want.subject.empty())
    return [&want](const LegRecord& leg) {
      return leg.subject && text_matches(want.subject, decode_header(*leg.subject));
    };
  if (!want.message_id.empty())
    return [&want](const LegRecord& leg) {
      return leg.message_id && message_id_matches(want.message_id, *leg.message_id);
    };
  if (want.any)
    return [&want](const LegRecord& leg) {
      return leg_has_recipient(leg, *want.any) || leg_has_sender(leg, *want.any);
    };
  if (!want.domain.empty())
    return [&want](const LegRecord& leg) { return leg_has_domain(leg, want.domain); };
  if (!want.submissions.empty())
    return [&want](const LegRecord& leg) { return holds(want.submissions, leg.submission.method); };
  return nullptr;
}

template <typename Network, typename Make>
bool is_within(const std::string& block, const std::string& ip, Make make) {
  boost::system::error_code error;
  const Network network = make(block, error);
  if (error) return false;
  const Network host = make(ip + (ip.find(':') == std::string::npos ? "/32" : "/128"), error);
  return !error && (host.is_subnet_of(network) || host.canonical() == network.canonical());
}

}  // namespace

bool domain_matches(const std::string& typed, std::string_view address) {
  const auto domain = ascii_domain(split_address(address).domain);
  if (domain.empty()) return false;
  if (typed.starts_with('.')) return domain == typed.substr(1) || domain.ends_with(typed);
  return glob_matches(typed, domain);
}

bool endpoint_matches(const std::string& typed, const Endpoint& endpoint) {
  // "private/lmtp" is the name of a socket.
  if (typed.find('/') != std::string::npos && is_ip_or_cidr(typed) && !endpoint.ip.empty()) {
    namespace ip = boost::asio::ip;
    const bool six = typed.find(':') != std::string::npos;
    if (six != (endpoint.ip.find(':') != std::string::npos)) return false;
    if (six) {
      return is_within<ip::network_v6>(
          typed, endpoint.ip,
          [](const std::string& text, auto& error) { return ip::make_network_v6(text, error); });
    }
    return is_within<ip::network_v4>(typed, endpoint.ip, [](const std::string& text, auto& error) {
      return ip::make_network_v4(text, error);
    });
  }
  return (!endpoint.ip.empty() && glob_matches(typed, endpoint.ip)) ||
         (!endpoint.host.empty() && host_matches(typed, endpoint.host));
}

bool is_host_name(std::string_view typed) {
  return typed.find('.') != std::string_view::npos && !is_glob(typed) && !is_ip_or_cidr(typed) &&
         typed.find('/') == std::string_view::npos;
}

bool host_matches(const std::string& typed, std::string_view host) {
  if (glob_matches(typed, host)) return true;
  if (!is_host_name(typed)) return false;
  const auto name = std::string_view(typed).substr(typed.starts_with('.') ? 1 : 0);
  if (host.size() <= name.size()) return equal_ignoring_case(host, name);
  const auto end = host.size() - name.size();
  return host[end - 1] == '.' && equal_ignoring_case(host.substr(end), name);
}

bool login_matches(const std::string& typed, std::string_view login) {
  if (glob_matches(typed, login)) return true;
  if (is_glob(typed) || typed.find('@') != std::string::npos) return false;
  const auto parts = split_address(login);
  return !parts.domain.empty() && equal_ignoring_case(parts.local_part, typed);
}

bool is_visible(const Journey& journey, const std::vector<std::string>& domains) {
  if (domains.empty()) return true;
  const auto is_of = [&](std::string_view address) {
    return std::ranges::any_of(
        domains, [&](const std::string& domain) { return domain_matches(domain, address); });
  };
  const auto has = [&](const MaybeText& address) { return address && is_of(*address); };
  return std::ranges::any_of(journey.legs, [&](const LegRecord& leg) {
    return has(leg.envelope_sender) || has(leg.submission.login) ||
           std::ranges::any_of(leg.recipients, [&](const LegRecipient& recipient) {
             return is_of(recipient.recipient) || has(recipient.original_recipient);
           });
  });
}

bool is_host_called(std::string_view host, std::string_view typed) {
  if (typed.empty() || equal_ignoring_case(host, typed)) return true;
  const auto shorter = std::min(host.size(), typed.size());
  const auto& longer = host.size() > typed.size() ? host : typed;
  return shorter > 0 && longer.size() > shorter && longer[shorter] == '.' &&
         equal_ignoring_case(host.substr(0, shorter), typed.substr(0, shorter));
}

std::optional<Matched> match(const Journey& journey, const FindRequest& request) {
  Matched out;
  if (!is_visible(journey, request.visible_domains)) return std::nullopt;
  if (!legs_match(journey, request) || !AddressMatch(journey, request).run(out))
    return std::nullopt;
  return out;
}

bool Driver::holds(const LegRecord& leg) const {
  if (keys.empty()) return !may || may(leg);
  return std::ranges::any_of(
      keys, [&](const LegKey& key) { return has_key(leg, key.kind, posted_value(key)); });
}

std::vector<Driver> drivers(const FindRequest& request) {
  std::vector<Driver> all;
  const auto add = [&](std::vector<LegKey> keys) {
    if (!keys.empty()) all.push_back({std::move(keys), {}});
  };
  if (!request.queue_id.empty()) {
    std::vector<LegKey> keys;
    for (auto& id : queue_id_forms(request.queue_id))
      keys.push_back({KeyKind::queue_id, std::move(id)});
    add(std::move(keys));
  }
  if (!request.message_id.empty() && request.message_id.find('*') == std::string::npos) {
    const std::string id(bare_message_id(request.message_id));
    add({{KeyKind::message_id, id}, {KeyKind::message_id, "<" + id + ">"}});
  }
  if (request.recipient)
    add(request.recipient->keys(KeyKind::recipient, KeyKind::recipient_domain));
  if (request.sender) add(request.sender->keys(KeyKind::sender, KeyKind::sender_domain));
  if (request.any) {
    auto keys = request.any->keys(KeyKind::recipient, KeyKind::recipient_domain);
    std::ranges::move(request.any->keys(KeyKind::sender, KeyKind::sender_domain),
                      std::back_inserter(keys));
    add(std::move(keys));
  }
  // Of a part of one, and of the hosts below a name, the keys must be looked up (pattern_keys()).
  if (request.login.find('@') != std::string::npos && !is_glob(request.login))
    add({{KeyKind::sender, request.login}});
  const auto is_plain = [](const std::string& host) {
    return !host.empty() && !is_glob(host) && host.find('/') == std::string::npos &&
           !is_host_name(host);
  };
  if (is_plain(request.client)) add({{KeyKind::client, request.client}});
  if (is_plain(request.relay)) add({{KeyKind::relay, request.relay}});
  if (!request.domain.empty() && !is_glob(request.domain) && !request.domain.starts_with('.')) {
    std::vector<LegKey> keys;
    for (const auto& form : {request.domain, unicode_domain(request.domain)}) {
      if (!keys.empty() && form == request.domain) break;
      keys.push_back({KeyKind::recipient_domain, form});
      keys.push_back({KeyKind::sender_domain, form});
    }
    add(std::move(keys));
  }
  if (all.empty()) all.push_back({{}, leg_test(request)});
  return all;
}

}  // namespace rastro
