#include "daemon/http/router.h"

#include <algorithm>
#include <boost/url/decode_view.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "core/address.h"
#include "core/check.h"

namespace rastro {
namespace {

constexpr std::string_view kId = "/{id}";

bool keeps_plus(std::string_view name) {
  return name == "recipient" || name == "sender" || name == "any" || name == "login" ||
         name == "domain" || name == "message_id" || name == "queue_id" || name == "cursor";
}

// nullopt: the path is not the route's.
std::optional<std::string> maybe_match(const Route& route, std::string_view path) {
  if (!route.path.ends_with(kId)) {
    return path == route.path ? std::optional<std::string>("") : std::nullopt;
  }
  const auto before = std::string_view(route.path).substr(0, route.path.size() - kId.size() + 1);
  if (!path.starts_with(before) || path.size() == before.size()) return std::nullopt;
  return std::string(path.substr(before.size()));
}

std::string decode(boost::urls::string_view encoded, bool plus_is_blank) {
  boost::urls::encoding_opts options;
  options.space_as_plus = plus_is_blank;
  const auto decoded = boost::urls::decode_view(encoded, options);
  return {decoded.begin(), decoded.end()};
}

}  // namespace

bool may_ask(Role role, Access access) {
  switch (access) {
    case Access::anyone:
      return true;
    case Access::counts:
      return role >= Role::monitoring;
    case Access::personal_data:
      return role >= Role::support;
    case Access::everything:
      return role >= Role::operates;
  }
  return false;
}

void Router::add(Route route) {
  RASTRO_CHECK(route.immediate ? route.handle_at_once != nullptr : route.handle != nullptr);
  routes_.push_back(std::move(route));
}

Router::Match Router::find(std::string_view method, std::string_view path) const {
  const auto wanted = method == "HEAD" ? std::string_view("GET") : method;
  Match match;
  bool whole = false;  // a route without {id} wins over one with it
  for (const auto& route : routes_) {
    auto id = maybe_match(route, path);
    if (!id) continue;
    const bool exact = !route.path.ends_with(kId);
    if (route.method == wanted && (match.route == nullptr || (exact && !whole))) {
      match.route = &route;
      match.id = std::move(*id);
      whole = exact;
    }
    if (!match.allowed.empty()) match.allowed += ", ";
    match.allowed += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  return match;
}

Result<Target, ParameterError> parse_target(std::string_view target) {
  constexpr std::string_view kScheme = "http://";
  if (target.starts_with(kScheme)) {
    const auto slash = target.find('/', kScheme.size());
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  }
  const auto url = boost::urls::parse_origin_form({target.data(), target.size()});
  if (!url) return ParameterError{"", "the request target is no path with parameters"};
  Target out;
  out.path = std::string(url->path());
  for (const auto& parameter : url->encoded_params()) {
    auto name = decode(parameter.key, true);
    auto value = decode(parameter.value, !keeps_plus(name));
    if (out.parameters.contains(name))
      return ParameterError{std::move(name), "is given twice; it is allowed once"};
    out.parameters.emplace(std::move(name), std::move(value));
  }
  return out;
}

std::string_view preferred_language(std::string_view accepted) {
  constexpr int kMost = 1000;  // thousandths: "q=0.333" has at most three digits
  const auto trimmed = [](std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
  };
  std::string_view best;
  int best_weight = 0;
  while (!accepted.empty()) {
    const auto end = std::min(accepted.find(','), accepted.size());
    const auto entry = accepted.substr(0, end);
    accepted.remove_prefix(std::min(end + 1, accepted.size()));
    const auto semicolon = std::min(entry.find(';'), entry.size());
    const auto tag = ascii_lower(trimmed(entry.substr(0, semicolon)));
    const auto primary = std::string_view(tag).substr(0, tag.find('-'));
    if (primary != "en" && primary != "es") continue;
    int weight = kMost;
    if (const auto q = entry.find("q=", semicolon); q != std::string_view::npos) {
      weight = 0;
      int unit = kMost;
      for (const char c : trimmed(entry.substr(q + 2))) {
        if (c >= '0' && c <= '9') {
          weight += (c - '0') * unit;
          unit /= 10;
        }
      }
    }
    if (weight > best_weight) {
      best = primary == "es" ? "es" : "en";
      best_weight = weight;
    }
  }
  return best;
}

std::optional<ParameterError> find_unknown_parameter(const Route& route,
                                                     const Parameters& parameters) {
  for (const auto& [name, value] : parameters) {
    if (std::ranges::find(route.parameters, name) != route.parameters.end()) continue;
    std::string detail = "is no parameter of " + route.path;
    detail += route.parameters.empty() ? ", which has none" : "; allowed: ";
    for (std::size_t i = 0; i < route.parameters.size(); ++i)
      detail += (i > 0 ? ", " : "") + route.parameters[i];
    return ParameterError{name, std::move(detail)};
  }
  return std::nullopt;
}

}  // namespace rastro
