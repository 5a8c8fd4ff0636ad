#include "daemon/http/router.h"

#include <gmock/gmock.h>

namespace rastro {
namespace {

Router two_methods() {
  Router router;
  const auto handle = [](const ApiRequest&, QueryTools&) { return ApiAnswer{}; };
  router.add({.path = "/v1/things", .parameters = {"limit", "tz"}, .handle = handle});
  router.add({.path = "/v1/things/{id}", .handle = handle});
  router.add({.path = "/v1/things/all", .handle = handle});
  router.add({.method = "POST", .path = "/v1/things", .body_bytes_max = 10, .handle = handle});
  return router;
}

TEST(Router, FindsByMethodAndPath) {
  const auto router = two_methods();
  EXPECT_EQ(router.find("GET", "/v1/things").route->method, "GET");
  EXPECT_EQ(router.find("HEAD", "/v1/things").route->method, "GET");
  EXPECT_EQ(router.find("POST", "/v1/things").route->method, "POST");
  EXPECT_EQ(router.find("GET", "/v1/things/<a@b/c>").id, "<a@b/c>");
  EXPECT_EQ(router.find("GET", "/v1/things/all").route->path, "/v1/things/all");
}

TEST(Router, SaysWhatAPathHas) {
  const auto router = two_methods();
  const auto wrong = router.find("DELETE", "/v1/things");
  EXPECT_EQ(wrong.route, nullptr);
  EXPECT_EQ(wrong.allowed, "GET, HEAD, POST");
  EXPECT_TRUE(router.find("GET", "/v1/other").allowed.empty());
  EXPECT_TRUE(router.find("GET", "/v1/things/").allowed.empty());
  EXPECT_TRUE(router.find("get", "/v1/things").route == nullptr);
}

TEST(PreferredLanguage, IsTheOneLikedBest) {
  EXPECT_EQ(preferred_language("es"), "es");
  EXPECT_EQ(preferred_language("es-MX,es;q=0.9,en;q=0.8"), "es");
  EXPECT_EQ(preferred_language("fr, en-GB;q=0.7, es;q=0.75"), "es");
  EXPECT_EQ(preferred_language("EN , es"), "en");
  EXPECT_EQ(preferred_language("es;q=0, en;q=0.001"), "en");
  for (const char* neither :
       {"", "*", "fr", "fr-CH, de;q=0.5", "es;q=0", "est", ";q=1", ",,", "es;q="})
    EXPECT_EQ(preferred_language(neither), "") << neither;
}

TEST(Target, IsDecodedOnce) {
  const auto target =
      parse_target("/v1/things/a%2Fb?text=a+b%2Bc%2520&recipient=juan+x@example.org");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/v1/things/a/b");
  EXPECT_EQ(target->parameters.at("text"), "a b+c%20");
  EXPECT_EQ(target->parameters.at("recipient"), "juan+x@example.org");
}

TEST(Target, TakesTheAbsoluteForm) {
  const auto target = parse_target("http://localhost/v1/things?limit=1");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/v1/things");
}

TEST(Target, RefusesWhatIsNone) {
  for (const char* text : {"", "*", "v1/things", "/a b", "/%zz", "/x?a=%2", "http://"}) {
    const auto target = parse_target(text);
    if (std::string_view(text) == "http://") {
      EXPECT_TRUE(target) << text;  // the root of some host
    } else {
      EXPECT_FALSE(target) << text;
    }
  }
  const auto twice = parse_target("/v1/things?limit=1&limit=2");
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().parameter, "limit");
}

TEST(Router, NamesTheUnknownParameterAndTheKnownOnes) {
  const auto router = two_methods();
  const auto& route = *router.find("GET", "/v1/things").route;
  EXPECT_FALSE(find_unknown_parameter(route, {{"limit", "1"}}));
  const auto unknown = find_unknown_parameter(route, {{"limit", "1"}, {"max", "1"}});
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->parameter, "max");
  EXPECT_THAT(unknown->detail, testing::HasSubstr("limit, tz"));
}

}  // namespace
}  // namespace rastro
