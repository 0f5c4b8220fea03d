use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{ArgGroup, Args, value_parser};
use gatehouse_certs::ServingNames;
use gatehouse_trust::{ImageTrust, Lifetimes};
use ipnet::IpNet;
use tracing::level_filters::LevelFilter;

use super::{
    ServeLimits, duration::parse_argument as duration, server::Options, tls::CertificateSource,
};
use crate::{
    config::{Source, Surroundings, range},
    facts::FactSource,
};

/// Serves the admission webhook.
///
/// Decisions go to standard output and events to standard error, as one JSON object a line.
#[derive(Clone, Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct ServeArgs {
    #[command(flatten)]
    config: ConfigArgs,

    /// Where admission requests are answered, over TLS; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "0.0.0.0:8443")]
    listen: SocketAddr,

    /// Where /healthz, /readyz and /metrics are, without TLS; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "0.0.0.0:8080")]
    admin_listen: SocketAddr,

    /// Write the addresses to this file once the server is ready: {"listen": "…", "admin": "…"}
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,

    /// Threads that answer requests
    ///
    /// More than processors: a policy may hold a thread for 20 ms, and requests that do not need that
    /// policy must not wait for it.
    #[arg(long, value_name = "COUNT", default_value_t = 16, value_parser = value_parser!(u16).range(1..=512))]
    workers: u16,

    /// Least important events that are logged: error, warn, info, debug or trace
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    log_level: LevelFilter,

    #[command(flatten)]
    tls: TlsArgs,

    #[command(flatten)]
    images: ImageArgs,

    #[command(flatten)]
    limits: LimitArgs,
}

#[derive(Clone, Debug, Args)]
#[group(skip)]
#[command(group = one_of("policies", ["config", "default_policies"]))]
struct ConfigArgs {
    /// A file or folder of Policy, Exemption, Registry and CustomWorkload documents; may be repeated
    ///
    /// Changes are loaded while it serves, all or nothing.
    #[arg(long, value_name = "PATH")]
    config: Vec<PathBuf>,

    /// Enforce the policies inside Gatehouse
    #[arg(long)]
    default_policies: bool,
}

#[derive(Clone, Debug, Args)]
#[group(skip)]
#[command(next_help_heading = "Certificate", group = one_of("certificate", ["tls_cert", "tls_self_signed"]))]
struct TlsArgs {
    /// The serving certificate and its chain, PEM; a changed file is served within seconds
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// The certificate's private key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Serve a certificate made by an authority that lives as long as the process
    #[arg(long)]
    tls_self_signed: bool,

    /// A DNS name or IP address for the self-made certificate; may be repeated
    #[arg(long, value_name = "NAME", requires = "tls_self_signed", conflicts_with = "tls_cert", default_values = ["localhost", "127.0.0.1", "::1"])]
    tls_name: Vec<String>,

    /// Write the certificate of the self-made authority to this file, for clients to trust
    #[arg(
        long,
        value_name = "FILE",
        requires = "tls_self_signed",
        conflicts_with = "tls_cert"
    )]
    tls_ca_out: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Images")]
struct ImageArgs {
    /// How long a verified signature stays known [default: 1h]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    verified_for: Option<Duration>,

    /// How long it stays known that an authority did not sign [default: 15s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    unsigned_for: Option<Duration>,

    /// How long it stays known which digest a tag names [default: 10s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    tag_for: Option<Duration>,

    /// Addresses of the cluster's services, as in 10.96.0.0/12; may be repeated
    ///
    /// No registry may have one of them unless its Registry document says so.
    #[arg(long, value_name = "CIDR", value_parser = range)]
    service_range: Vec<IpNet>,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Limits")]
struct LimitArgs {
    /// Most bytes of a request's body
    #[arg(long, value_name = "BYTES", default_value_t = ServeLimits::default().body_bytes, value_parser = size)]
    max_body_bytes: usize,

    /// Most connections at the same time; further ones wait
    #[arg(long, value_name = "COUNT", default_value_t = ServeLimits::default().connections, value_parser = value_parser!(u32).range(1..=100_000))]
    max_connections: u32,

    /// Age past which a connection is closed with its next answer [default: 5m]
    #[arg(long, value_name = "DURATION", value_parser = duration, hide_default_value = true)]
    connection_age: Option<Duration>,

    /// How long to go on serving after SIGTERM, not ready, before connections are closed [default: 0s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    drain_delay: Option<Duration>,

    /// How long to wait then for requests in flight [default: 25s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    drain_time: Option<Duration>,

    /// How often files of configuration and certificate are looked at [default: 2s]
    #[arg(long, value_name = "DURATION", value_parser = interval)]
    poll_interval: Option<Duration>,
}

const AFTER_HELP: &str = "\
Examples:
  gatehouse serve --default-policies --tls-self-signed --tls-ca-out ca.crt
  gatehouse serve --config policies/ --tls-cert tls.crt --tls-key tls.key
  gatehouse serve --config policies/ --tls-self-signed --tls-name gatehouse.acme.example --listen 127.0.0.1:8443

Exit codes:
  0  it was ended by SIGTERM or SIGINT
  2  it could not start: usage, configuration, certificate or address";

impl ServeArgs {
    /// The least important events that are logged.
    pub(crate) fn log_level(&self) -> LevelFilter {
        self.log_level
    }

    /// What the arguments ask for.
    ///
    /// # Errors
    /// A name that a certificate cannot carry.
    pub(crate) fn options(self) -> Result<Options, String> {
        let mut surroundings = Surroundings::of_process();
        let service_range = self.images.service_range.iter().copied();
        surroundings.denied_addresses.extend(service_range);
        Ok(Options {
            config: self.config.source(),
            facts: FactSource::live(ImageTrust::new(self.images.lifetimes())),
            surroundings,
            listen: self.listen,
            admin_listen: self.admin_listen,
            certificate: self.tls.source()?,
            workers: self.workers.into(),
            drain_delay: self.limits.drain_delay.unwrap_or_default(),
            ready_file: self.ready_file,
            limits: self.limits.limits(),
        })
    }
}

impl ConfigArgs {
    fn source(self) -> Source {
        if self.default_policies {
            Source::DefaultPolicies
        } else {
            Source::Paths(self.config)
        }
    }
}

impl TlsArgs {
    fn source(self) -> Result<CertificateSource, String> {
        if let (Some(certificate), Some(key)) = (self.tls_cert, self.tls_key) {
            return Ok(CertificateSource::Files { certificate, key });
        }
        let names = ServingNames::parse(self.tls_name);
        Ok(CertificateSource::SelfMade {
            names: names.map_err(|error| format!("--tls-name: {error}"))?,
            authority_out: self.tls_ca_out,
        })
    }
}

impl ImageArgs {
    fn lifetimes(&self) -> Lifetimes {
        let default = Lifetimes::default();
        Lifetimes {
            verified: self.verified_for.unwrap_or(default.verified),
            failed: self.unsigned_for.unwrap_or(default.failed),
            tag: self.tag_for.unwrap_or(default.tag),
            ..default
        }
    }
}

impl LimitArgs {
    fn limits(&self) -> ServeLimits {
        let default = ServeLimits::default();
        ServeLimits {
            body_bytes: self.max_body_bytes,
            connections: self.max_connections,
            connection_age: self.connection_age.unwrap_or(default.connection_age),
            drain_time: self.drain_time.unwrap_or(default.drain_time),
            poll_interval: self.poll_interval.unwrap_or(default.poll_interval),
            ..default
        }
    }
}

fn one_of(name: &'static str, arguments: [&'static str; 2]) -> ArgGroup {
    ArgGroup::new(name).args(arguments).required(true)
}

/// A time after which files are looked at again: not so short that nothing else is done.
fn interval(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        interval if interval >= MIN_INTERVAL => Ok(interval),
        _ => Err(format!("less than {} ms", MIN_INTERVAL.as_millis())),
    }
}

const MIN_INTERVAL: Duration = Duration::from_millis(100);

/// A number of bytes that a body may have.
fn size(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(bytes @ 1..=MAX_BODY_BYTES) => Ok(bytes),
        _ => Err(format!("not a number of bytes from 1 to {MAX_BODY_BYTES}")),
    }
}

/// More than that no API server sends, and a number beyond it is a mistake.
const MAX_BODY_BYTES: usize = 256 << 20;

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        serve: ServeArgs,
    }

    fn options(args: &str) -> Result<Options, String> {
        let args = ["serve"].into_iter().chain(args.split_whitespace());
        let cli = Cli::try_parse_from(args).map_err(|error| error.to_string())?;
        cli.serve.options()
    }

    fn refusal(args: &str) -> String {
        options(args).unwrap_err()
    }

    #[test]
    fn the_defaults_are_those_of_the_limits() {
        let options = options("--default-policies --tls-self-signed").unwrap();
        assert_eq!(options.limits, ServeLimits::default());
        assert_eq!(options.config, Source::DefaultPolicies);
        assert_eq!(options.listen.to_string(), "0.0.0.0:8443");
        assert_eq!(options.admin_listen.to_string(), "0.0.0.0:8080");
        assert_eq!(options.drain_delay, Duration::ZERO);
        let CertificateSource::SelfMade {
            names,
            authority_out,
        } = options.certificate
        else {
            panic!("self-made expected")
        };
        assert_eq!(names.to_string(), "`localhost`, `127.0.0.1`, `::1`");
        assert_eq!(authority_out, None);
    }

    #[test]
    fn what_is_given_is_used() {
        let options = options(
            "--config a --config b --tls-cert c --tls-key k --max-body-bytes 1 --max-connections 2 \
             --connection-age 1m30s --drain-delay 5s --drain-time 6s --poll-interval 500ms",
        )
        .unwrap();
        assert_eq!(options.config, Source::Paths(vec!["a".into(), "b".into()]));
        let files = CertificateSource::Files {
            certificate: "c".into(),
            key: "k".into(),
        };
        assert_eq!(options.certificate, files);
        assert_eq!(options.drain_delay, Duration::from_secs(5));
        let expected = ServeLimits {
            body_bytes: 1,
            connections: 2,
            connection_age: Duration::from_secs(90),
            drain_time: Duration::from_secs(6),
            poll_interval: Duration::from_millis(500),
            ..ServeLimits::default()
        };
        assert_eq!(options.limits, expected);
    }

    #[test]
    fn arguments_that_contradict_or_lack_each_other_are_refused() {
        let cases = [
            ("--tls-self-signed", "--config <PATH>|--default-policies"),
            (
                "--default-policies",
                "<--tls-cert <FILE>|--tls-self-signed>",
            ),
            (
                "--default-policies --config a --tls-self-signed",
                "cannot be used with",
            ),
            ("--default-policies --tls-cert c", "--tls-key <FILE>"),
            (
                "--default-policies --tls-self-signed --tls-cert c --tls-key k",
                "cannot be used with",
            ),
            (
                "--default-policies --tls-cert c --tls-key k --tls-name n",
                "--tls-self-signed",
            ),
            (
                "--default-policies --tls-self-signed --tls-name a..b",
                "--tls-name: `a..b`",
            ),
        ];
        for (args, part) in cases {
            let refusal = refusal(args);
            assert!(refusal.contains(part), "{args}: {refusal}");
        }
    }

    #[test]
    fn numbers_are_bounded() {
        let with = |arg: &str| options(&format!("--default-policies --tls-self-signed {arg}"));
        for good in [
            "--max-body-bytes 268435456",
            "--workers 512",
            "--poll-interval 100ms",
        ] {
            assert!(with(good).is_ok(), "{good}");
        }
        for bad in [
            "--max-body-bytes 0",
            "--max-body-bytes 268435457",
            "--workers 0",
            "--workers 513",
            "--max-connections 0",
            "--connection-age 5",
            "--poll-interval soon",
            "--poll-interval 99ms",
        ] {
            assert!(with(bad).is_err(), "{bad}");
        }
    }
}
