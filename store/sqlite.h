#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace rastro {

class Statement;

// One SQLite connection.
//
// Errors stick: the first failure of any statement is kept, later steps do nothing, and whoever
// ends the unit of work (a transaction, a query) takes the error once. So row loops need no check
// per call and cannot forget one that matters.
//
// Threads: one at a time. Ownership: statements must be destroyed before their connection.
class Database {
 public:
  enum class Mode : std::uint8_t { read_only, read_write, create };
  // Defensive, no trusted schema, no extension; waits up to `busy_ms` for another connection.
  // Error::not_found: no such file.
  static Result<Database> open(const std::filesystem::path& path, Mode mode, int busy_ms = 2000);

  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  // `sql` is a literal of ours; one or more statements, their rows thrown away.
  void run(const char* sql);
  Statement prepare(std::string_view sql);
  // The first column of the first row; nullopt: no row, NULL, or an error.
  std::optional<std::int64_t> query_int(std::string_view sql);

  bool ok() const;
  // What SQLite cannot see: bytes of ours that cannot be taken apart. Sticks as an error does.
  void report_damage(std::string_view what);
  // What failed since the last call, if anything did. Error::limit means that the disk is full,
  // Error::corrupt that the file is damaged, Error::unavailable locked or interrupted.
  Result<void> take_error();
  // Whether the last error was the deadline's doing.
  bool interrupted() const;

  // Since the connection was opened: to the WAL, not counting what a checkpoint copies.
  std::uint64_t bytes_written() const;

  // One view of the file for all statements until end_reading(), and one lock instead of one for
  // each. Both may be called at any time. False: a statement that is not done holds on to the view.
  void begin_reading();
  bool end_reading();

  // Called about every 4,000 virtual machine steps; true interrupts the running statement.
  void set_interrupt(std::function<bool()> should_stop);
  // Any thread, while the connection lives: ends the running statement, a check of the whole file
  // too, which asks nobody in between.
  void interrupt();

  const std::filesystem::path& path() const;

 private:
  friend class Statement;
  struct State;
  explicit Database(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A prepared statement, made once and used again. Parameters are numbered from 1, columns from 0.
// Text and blobs are bound without a copy: they must live until reset() or the next bind.
class Statement {
 public:
  Statement() = default;
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::optional<std::int64_t> value);
  // Bytes as they are: NUL and broken UTF-8 come back the same.
  Statement& bind_text(int index, std::string_view bytes);
  Statement& bind_blob(int index, std::string_view bytes);
  Statement& bind_null(int index);

  // True: a row is there. False: the end, or an error (which sticks to the database).
  bool step();
  void reset();
  // step() and reset(), for statements without rows.
  void run();

  bool is_null(int column) const;
  std::int64_t column_int(int column) const;
  // Valid until the next step() or reset().
  std::string_view column_bytes(int column) const;

  enum class Type : std::uint8_t { null, integer, text, blob };
  int column_count() const;
  std::string_view column_name(int column) const;
  Type column_type(int column) const;

 private:
  friend class Database;
  Statement(Database::State* database, sqlite3_stmt* statement);
  Database::State* database_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
};

// BEGIN IMMEDIATE ... COMMIT; rolls back unless commit() succeeded.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  Result<void> commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace rastro
