#include "store/rebuild.h"

#include <utility>
#include <vector>

#include "store/keys.h"
#include "store/leg_flags.h"
#include "store/leg_rows.h"
#include "store/packed_leg.h"

namespace rastro {
namespace {

// Rows of a table that a leg names as a range. Legs were written in order and so were these, so
// both are read side by side, once.
class RangeCursor {
 public:
  // `sql` takes the first row number as its parameter.
  RangeCursor(Database& database, std::string_view sql) : statement_(database.prepare(sql)) {}
  template <typename Visit>
  void visit_range(std::int64_t first, std::int64_t count, Visit&& visit) {
    if (count == 0) return;
    if (!begun_) {
      begun_ = true;
      statement_.bind(1, first);
      have_ = statement_.step();
    }
    while (have_ && statement_.column_int(0) < first + count) {
      if (statement_.column_int(0) >= first) visit(statement_);
      have_ = statement_.step();
    }
  }

 private:
  Statement statement_;
  bool begun_ = false;
  bool have_ = false;
};

// As is_sender_unknown() and is_client_unknown(), of a leg that has a recipient.
void post_unknown(KeyPoster& poster, std::int64_t flags, bool no_sender, const Endpoint& client) {
  if ((flags & kLegProbe) != 0) return;
  const bool told = (flags & (kLegArrivalSeen | kLegInternal)) != 0;
  poster.post_unknown(no_sender, !told && client.host.empty() && client.ip.empty());
}

void post_plain_rows(Database& database, KeyPoster& poster, std::uint32_t from, std::uint32_t until,
                     const std::function<void()>& row_done) {
  DictionaryReader dictionary(database);
  RangeCursor deliveries(database,
                         "SELECT row, recipient, original_recipient, relay FROM delivery"
                         " WHERE row >= ?1 ORDER BY row");
  RangeCursor links(database, "SELECT row, queue_id FROM link WHERE row >= ?1 ORDER BY row");
  auto leg = database.prepare(
      "SELECT row, leg_id, queue_id, message_id, envelope_sender, login, client, delivery_first,"
      " delivery_count, link_first, link_count, flags FROM leg WHERE row >= ?1 AND row < ?2"
      " ORDER BY row");
  leg.bind(1, std::int64_t{from}).bind(2, std::int64_t{until});
  while (leg.step()) {
    poster.start_row(static_cast<std::uint32_t>(leg.column_int(0)));
    poster.post_leg(static_cast<std::uint64_t>(leg.column_int(1)), leg.column_bytes(2),
                    leg.column_bytes(3));
    if (!leg.is_null(4)) poster.post_sender(leg.column_bytes(4));
    if (!leg.is_null(5)) poster.post_sender(leg.column_bytes(5));
    const auto& client = dictionary.endpoint(leg.column_int(6));
    poster.post_client(client.host, client.ip);
    if (leg.column_int(8) > 0) post_unknown(poster, leg.column_int(11), leg.is_null(4), client);
    deliveries.visit_range(leg.column_int(7), leg.column_int(8), [&](const Statement& row) {
      poster.post_recipient(row.column_bytes(1));
      if (!row.is_null(2)) poster.post_recipient(row.column_bytes(2));
      const auto& relay = dictionary.endpoint(row.column_int(3));
      poster.post_relay(relay.host, relay.ip);
    });
    links.visit_range(leg.column_int(9), leg.column_int(10),
                      [&](const Statement& row) { poster.post_link(row.column_bytes(1)); });
    row_done();
  }
}

// Posts from rows of the packed layout.
class PackedRows {
 public:
  PackedRows(Database& database, KeyPoster& poster)
      : database_(database),
        poster_(poster),
        dictionary_(database),
        deliveries_(
            database,
            "SELECT row, recipient, relay, more FROM delivery WHERE row >= ?1 ORDER BY row"),
        names_(database, row_layout(database), dictionary_),
        header_(database.prepare("SELECT envelope_sender, login, client FROM leg WHERE row = ?1")) {
  }

  void post(std::uint32_t from, std::uint32_t until, const std::function<void()>& row_done) {
    auto leg = database_.prepare(
        "SELECT envelope_sender, login, client, row, leg_id, header_row, recipient, relay,"
        " delivery_first, delivery_count, more, flags, " +
        std::string(names_.columns()) + " FROM leg WHERE row >= ?1 AND row < ?2 ORDER BY row");
    leg.bind(1, std::int64_t{from}).bind(2, std::int64_t{until});
    while (leg.step()) {
      poster_.start_row(static_cast<std::uint32_t>(leg.column_int(3)));
      const auto recipient = dictionary_.address(leg, 6);
      if (!post_header(leg, recipient.has_value())) return damaged(leg);
      auto more = leg.column_bytes(10);
      PackedLegStart start;
      if (!start.take(more, leg.is_null(5), recipient.has_value())) return damaged(leg);
      if (recipient) post_recipient(*recipient, leg.column_int(7), start.recipient);
      bool sound = true;
      deliveries_.visit_range(leg.column_int(8), leg.column_int(9), [&](const Statement& row) {
        auto rest = row.column_bytes(3);
        PackedRecipient fields;
        if (fields.take(rest, kRecipientFields)) {
          post_recipient(dictionary_.address(row, 1).value_or(""), row.column_int(2), fields);
        } else {
          sound = false;
        }
      });
      const auto nothing = [](const auto&) {};
      LinkQueueIds link_ids;
      sound =
          take_lists(
              more, nothing,
              [&](const PackedLink& link) { poster_.post_link(link_ids.next(link)); }, nothing) &&
          link_ids.sound() && sound;
      if (!sound) return damaged(leg);
      row_done();
    }
  }

 private:
  void damaged(const Statement& leg) {
    database_.report_damage("row " + std::to_string(leg.column_int(3)) + " of leg");
  }
  bool post_header(const Statement& leg, bool has_recipient) {
    const bool own_header = leg.is_null(5);
    if (!own_header) {
      header_.bind(1, leg.column_int(5));
      header_.step();
    }
    const auto& header = own_header ? leg : header_;
    const auto leg_id = static_cast<std::uint64_t>(leg.column_int(4));
    const bool named = names_.read(leg, 12, leg_id, queue_id_, message_id_);
    if (named) poster_.post_leg(leg_id, queue_id_, message_id_ ? *message_id_ : std::string());
    for (const int column : {0, 1}) {
      if (const auto sender = dictionary_.address(header, column)) poster_.post_sender(*sender);
    }
    const auto& client = dictionary_.endpoint(header.column_int(2));
    poster_.post_client(client.host, client.ip);
    if (has_recipient) post_unknown(poster_, leg.column_int(11), header.is_null(0), client);
    header_.reset();
    return named;
  }
  void post_recipient(std::string_view address, std::int64_t relay_id,
                      const PackedRecipient& fields) {
    poster_.post_recipient(address);
    if (fields.has(RecipientField::original_recipient))
      poster_.post_recipient(fields.text(RecipientField::original_recipient));
    const auto& relay = dictionary_.endpoint(relay_id);
    poster_.post_relay(relay.host, relay.ip);
  }

  Database& database_;
  KeyPoster& poster_;
  DictionaryReader dictionary_;
  RangeCursor deliveries_;
  LegNamesReader names_;
  std::string queue_id_;  // of the row
  MaybeText message_id_;
  Statement header_;
};

}  // namespace

void post_rows(Database& database, const KeyHasher& hasher, std::uint32_t from, std::uint32_t until,
               std::vector<Posting>& out, const std::function<void()>& row_done) {
  KeyPoster poster(hasher, out);
  if (row_layout(database) == RowLayout::plain) {
    post_plain_rows(database, poster, from, until, row_done);
  } else {
    PackedRows(database, poster).post(from, until, row_done);
  }
}

bool PostingRebuild::work_some(Database& database, const KeyHasher& hasher, std::uint32_t rows_max,
                               PostingRuns& runs) {
  const auto from = until_ > rows_max ? until_ - rows_max : 1;
  std::vector<Posting> postings;
  post_rows(database, hasher, from, until_, postings, [] {});
  if (!database.ok()) return false;
  runs.add(std::move(postings));
  until_ = from;
  return until_ == 1;
}

LegIdRuns read_carried(Database& database) {
  std::vector<std::uint64_t> ids;
  auto row = database.prepare("SELECT leg_id FROM carried");
  while (row.step()) ids.push_back(static_cast<std::uint64_t>(row.column_int(0)));
  LegIdRuns carried;
  carried.add(std::move(ids));
  return carried;
}

void for_each_version(Database& database, const std::function<void(const VersionMark&)>& visit) {
  const bool plain = row_layout(database) == RowLayout::plain;
  auto row = database.prepare(
      "SELECT leg_id, row, closed_after IS NULL, " +
      std::string(plain ? "coalesce(delivery_count, 0) = 0"
                        : "flags & " + std::to_string(kLegUntold) +
                              " OR recipient IS NULL AND coalesce(delivery_count, 0) = 0") +
      " FROM leg ORDER BY row");
  while (row.step()) {
    visit({static_cast<std::uint64_t>(row.column_int(0)),
           static_cast<std::uint32_t>(row.column_int(1)), row.column_int(2) != 0,
           row.column_int(3) != 0});
  }
}

LegHeaderReader::LegHeaderReader(Database& database)
    : dictionary_(database), names_(database, row_layout(database), dictionary_) {
  const bool plain = row_layout(database) == RowLayout::plain;
  leg_ = database.prepare(
      "SELECT leg_id, opened_at, active_after,"
      " CASE WHEN flags & 32 THEN active_after ELSE closed_after END, " +
      std::string(plain ? "host"
                        : "(SELECT h.host FROM leg AS h"
                          " WHERE h.row = coalesce(leg.header_row, leg.row))") +
      ", " + std::string(names_.columns()) + " FROM leg WHERE row = ?1");
}

bool LegHeaderReader::load(std::uint32_t row, LegRecord& leg) {
  leg = LegRecord{};
  leg_.bind(1, std::int64_t{row});
  bool found = leg_.step();
  if (found) {
    leg.id = static_cast<std::uint64_t>(leg_.column_int(0));
    leg.opened_at = time_at(leg_.column_int(1));
    leg.last_activity_at = time_after(leg_.column_int(1), leg_.column_int(2));
    if (!leg_.is_null(3)) leg.closed_at = time_after(leg_.column_int(1), leg_.column_int(3));
    leg.host = dictionary_.name(leg_.column_int(4));
    found = names_.read(leg_, 5, leg.id, leg.queue_id, leg.message_id);
  }
  leg_.reset();
  return found;
}

}  // namespace rastro
