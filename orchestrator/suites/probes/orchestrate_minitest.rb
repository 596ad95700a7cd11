# frozen_string_literal: true

# Records how each test of Minitest ended, one JSON object a line.  Minitest loads it by itself, as a plugin that lies at
# minitest/orchestrate_plugin.rb on the load path; it needs nothing but the standard library.

require "json"
require "securerandom"

module Minitest
  # One file of records of this process.
  class OrchestrateRecorder < AbstractReporter
    def initialize(folder)
      super()
      @process = Process.pid
      @file = File.open(File.join(folder, "records-#{@process}-#{SecureRandom.hex(8)}.jsonl"), "wx", 0o600)
      write(start: "minitest")
    end

    def prerecord(klass, name)
      write(began: "#{klass.name}##{name}")
    end

    def record(result)
      outcome = if result.skipped? then "skipped"
                elsif result.error? then "error"
                elsif result.passed? then "passed"
                else "failed"
                end
      write(test: "#{result.class_name}##{result.name}", outcome: outcome)
    end

    def report
      write(end: 0)
    end

    private

    def write(record)
      return unless Process.pid == @process

      @file.write("#{JSON.generate(record)}\n")
      @file.flush
    end
  end

  def self.plugin_orchestrate_init(_options)
    folder = ENV.delete("ORCHESTRATE_REPORT")
    reporter << OrchestrateRecorder.new(folder) if folder
  end
end
