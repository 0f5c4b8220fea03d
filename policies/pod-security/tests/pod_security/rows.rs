//! What each field may say, at every version: one row a case.

use std::ops::RangeInclusive;

use serde_json::Value;

use crate::support::{CONTAINERS, passing_pod, set};

/// One case: [`passing_pod`] with a few fields changed.
pub(crate) struct Row {
    /// The code that is found where the pod does not pass.
    pub(crate) code: &'static str,
    /// `PATH: JSON`; `null` removes. A path that begins with `*` makes a case of each kind of container.
    pub(crate) changes: &'static [&'static str],
    /// Minor versions at which baseline refuses it.
    pub(crate) baseline: RangeInclusive<u8>,
    /// Minor versions at which restricted and hardened refuse it.
    pub(crate) restricted: RangeInclusive<u8>,
}

impl Row {
    /// The pods of this case, and the name of the container that is changed.
    pub(crate) fn pods(&self) -> Vec<(Value, Option<&'static str>)> {
        if !self.changes.iter().any(|change| change.starts_with('*')) {
            return vec![(self.pod(""), None)];
        }
        let name = |path: &'static str| path.split(['=', ']']).nth(1);
        CONTAINERS
            .iter()
            .map(|path| (self.pod(path), name(path)))
            .collect()
    }

    fn pod(&self, container: &str) -> Value {
        let mut pod = passing_pod();
        for change in self.changes {
            let (path, value) = change.split_once(": ").unwrap();
            let value = serde_json::from_str(value).unwrap_or_else(|e| panic!("{change}: {e}"));
            set(&mut pod, &path.replace('*', container), value);
        }
        pod
    }
}

const ALWAYS: RangeInclusive<u8> = 0..=37;
#[allow(clippy::reversed_empty_ranges, reason = "no version at all")]
const NEVER: RangeInclusive<u8> = 1..=0;

const fn since(version: u8) -> RangeInclusive<u8> {
    version..=37
}

const fn before(version: u8) -> RangeInclusive<u8> {
    0..=version - 1
}

const fn row(
    code: &'static str,
    changes: &'static [&'static str],
    baseline: RangeInclusive<u8>,
    restricted: RangeInclusive<u8>,
) -> Row {
    Row {
        code,
        changes,
        baseline,
        restricted,
    }
}

#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    row("host-network", &["spec.hostNetwork: true"], ALWAYS, ALWAYS),
    row("host-network", &["spec.hostNetwork: \"true\""], ALWAYS, ALWAYS),
    row("host-network", &["spec.hostNetwork: false"], NEVER, NEVER),
    row("host-pid", &["spec.hostPID: true"], ALWAYS, ALWAYS),
    row("host-pid", &["spec.hostPID: 1"], ALWAYS, ALWAYS),
    row("host-pid", &["spec.hostPID: false"], NEVER, NEVER),
    row("host-ipc", &["spec.hostIPC: true"], ALWAYS, ALWAYS),
    row("host-ipc", &["spec.hostIPC: {}"], ALWAYS, ALWAYS),
    row("host-ipc", &["spec.hostIPC: false"], NEVER, NEVER),

    row("host-path-volume", &[r#"spec.volumes: [{"name":"v","hostPath":{"path":"/"}}]"#], ALWAYS, ALWAYS),
    row("host-path-volume", &[r#"spec.volumes: [{"name":"v","hostPath":{}}]"#], ALWAYS, ALWAYS),
    row("host-path-volume", &[r#"spec.volumes: [{"name":"v","hostPath":"/etc"}]"#], ALWAYS, ALWAYS),
    row("host-path-volume", &[r#"spec.volumes: [{"name":"v","hostPath":null}]"#], NEVER, NEVER),

    row("host-port", &[r#"*.ports: [{"containerPort":80,"hostPort":80}]"#], ALWAYS, ALWAYS),
    row("host-port", &[r#"*.ports: [{"containerPort":80},{"hostPort":81},{"hostPort":82}]"#], ALWAYS, ALWAYS),
    row("host-port", &[r#"*.ports: [{"containerPort":80,"hostPort":"80"}]"#], ALWAYS, ALWAYS),
    row("host-port", &[r#"*.ports: [{"containerPort":80,"hostPort":0}]"#], NEVER, NEVER),
    row("host-port", &[r#"*.ports: [{"containerPort":80,"hostPort":0.0}]"#], NEVER, NEVER),
    row("host-port", &[r#"*.ports: [{"containerPort":80}]"#], NEVER, NEVER),

    row("host-probe", &[r#"*.livenessProbe.httpGet.host: "example.com""#], since(34), since(34)),
    row("host-probe", &[r#"*.readinessProbe.httpGet.host: "127.0.0.1""#], since(34), since(34)),
    row("host-probe", &[r#"*.startupProbe.httpGet.host: "::1""#], since(34), since(34)),
    row("host-probe", &[r#"*.livenessProbe.tcpSocket.host: "a""#], since(34), since(34)),
    row("host-probe", &[r#"*.readinessProbe.tcpSocket.host: "a""#], since(34), since(34)),
    row("host-probe", &[r#"*.startupProbe.tcpSocket.host: "a""#], since(34), since(34)),
    row("host-probe", &[r#"*.lifecycle.postStart.httpGet.host: "a""#], since(34), since(34)),
    row("host-probe", &[r#"*.lifecycle.postStart.tcpSocket.host: "a""#], since(34), since(34)),
    row("host-probe", &[r#"*.lifecycle.preStop.httpGet.host: "a""#], since(34), since(34)),
    row("host-probe", &[r#"*.lifecycle.preStop.tcpSocket.host: "a""#], since(34), since(34)),
    row("host-probe", &[r#"*.lifecycle.preStop.tcpSocket.host: 7"#], since(34), since(34)),
    row("host-probe", &[r#"*.livenessProbe.httpGet.host: """#, r#"*.lifecycle.preStop.httpGet: {}"#], NEVER, NEVER),
    row("host-probe", &[r#"*.livenessProbe.grpc.host: "a""#, r#"*.livenessProbe.exec.command: ["a"]"#], NEVER, NEVER),

    row("privileged-container", &["*.securityContext.privileged: true"], ALWAYS, ALWAYS),
    row("privileged-container", &["*.securityContext.privileged: \"yes\""], ALWAYS, ALWAYS),
    row("privileged-container", &["*.securityContext.privileged: false"], NEVER, NEVER),
    row("privileged-container", &["spec.securityContext.privileged: true", "spec.privileged: true"], NEVER, NEVER),

    row("windows-host-process", &["spec.securityContext.windowsOptions.hostProcess: true"], ALWAYS, ALWAYS),
    row("windows-host-process", &["*.securityContext.windowsOptions.hostProcess: true"], ALWAYS, ALWAYS),
    row("windows-host-process", &["*.securityContext.windowsOptions.hostProcess: 1"], ALWAYS, ALWAYS),
    row("windows-host-process", &["*.securityContext.windowsOptions: {\"hostProcess\":false}"], NEVER, NEVER),
    row("windows-host-process", &["*.securityContext.windowsOptions: {}"], NEVER, NEVER),

    row("added-capabilities", &[r#"*.securityContext.capabilities.add: ["NET_RAW"]"#], ALWAYS, ALWAYS),
    row("added-capabilities", &[r#"*.securityContext.capabilities.add: ["ALL"]"#], ALWAYS, ALWAYS),
    row("added-capabilities", &[r#"*.securityContext.capabilities.add: ["CAP_CHOWN"]"#], ALWAYS, ALWAYS),
    row("added-capabilities", &[r#"*.securityContext.capabilities.add: ["chown"]"#], ALWAYS, ALWAYS),
    row("added-capabilities", &[r#"*.securityContext.capabilities.add: [""]"#], ALWAYS, ALWAYS),
    row("added-capabilities", &[r#"*.securityContext.capabilities.add: [7]"#], ALWAYS, ALWAYS),
    row("added-capabilities", &[r#"*.securityContext.capabilities.add: ["NET_BIND_SERVICE"]"#], NEVER, NEVER),
    row("added-capabilities", &[r#"*.securityContext.capabilities.add: []"#], NEVER, NEVER),
    row("added-capabilities", &[r#"*.securityContext.capabilities.add: ["AUDIT_WRITE","CHOWN","DAC_OVERRIDE","FOWNER",
        "FSETID","KILL","MKNOD","NET_BIND_SERVICE","SETFCAP","SETGID","SETPCAP","SETUID","SYS_CHROOT"]"#], NEVER, since(22)),
    // an object that the API server would refuse; the evaluator exempts it all the same
    row("added-capabilities", &[r#"spec.os.name: "windows""#, r#"*.securityContext.capabilities.add: ["CHOWN"]"#], NEVER, 22..=24),

    row("drop-all-capabilities", &["*.securityContext.capabilities: null"], NEVER, since(22)),
    row("drop-all-capabilities", &["*.securityContext.capabilities: {}"], NEVER, since(22)),
    row("drop-all-capabilities", &["*.securityContext.capabilities.drop: []"], NEVER, since(22)),
    row("drop-all-capabilities", &[r#"*.securityContext.capabilities.drop: ["all"]"#], NEVER, since(22)),
    row("drop-all-capabilities", &[r#"*.securityContext.capabilities.drop: ["CAP_ALL","NET_RAW"]"#], NEVER, since(22)),
    row("drop-all-capabilities", &[r#"*.securityContext.capabilities.drop: ["NET_RAW","ALL"]"#], NEVER, NEVER),
    row("drop-all-capabilities", &[r#"spec.os.name: "windows""#, "*.securityContext.capabilities: null"], NEVER, 22..=24),
    row("drop-all-capabilities", &[r#"spec.os.name: "linux""#, "*.securityContext.capabilities: null"], NEVER, since(22)),

    row("privilege-escalation", &["*.securityContext.allowPrivilegeEscalation: null"], NEVER, since(8)),
    row("privilege-escalation", &["*.securityContext.allowPrivilegeEscalation: true"], NEVER, since(8)),
    row("privilege-escalation", &["*.securityContext.allowPrivilegeEscalation: \"false\""], NEVER, since(8)),
    row("privilege-escalation", &["*.securityContext.allowPrivilegeEscalation: false"], NEVER, NEVER),
    row("privilege-escalation", &["spec.securityContext.allowPrivilegeEscalation: false",
        "*.securityContext.allowPrivilegeEscalation: null"], NEVER, since(8)),
    row("privilege-escalation", &[r#"spec.os.name: "windows""#,
        "*.securityContext.allowPrivilegeEscalation: null"], NEVER, 8..=24),

    row("run-as-non-root", &["spec.securityContext.runAsNonRoot: null"], NEVER, ALWAYS),
    row("run-as-non-root", &["spec.securityContext.runAsNonRoot: false"], NEVER, ALWAYS),
    row("run-as-non-root", &["spec.securityContext.runAsNonRoot: \"true\""], NEVER, ALWAYS),
    row("run-as-non-root", &["*.securityContext.runAsNonRoot: false"], NEVER, ALWAYS),
    row("run-as-non-root", &["*.securityContext.runAsNonRoot: \"true\""], NEVER, ALWAYS),
    row("run-as-non-root", &["*.securityContext.runAsNonRoot: true"], NEVER, NEVER),
    row("run-as-non-root", &[r#"spec.os.name: "windows""#, "spec.securityContext.runAsNonRoot: null"], NEVER, ALWAYS),
    row("run-as-non-root", &["spec.hostUsers: false", "*.securityContext.runAsNonRoot: false"], NEVER, before(35)),
    row("run-as-non-root", &["spec.hostUsers: false", "spec.securityContext.runAsNonRoot: null"], NEVER, before(35)),
    row("run-as-non-root", &["spec.hostUsers: true", "spec.securityContext.runAsNonRoot: null"], NEVER, ALWAYS),
    row("run-as-non-root", &["spec.hostUsers: \"false\"", "spec.securityContext.runAsNonRoot: null"], NEVER, ALWAYS),
    row("run-as-non-root", &["spec.securityContext.runAsNonRoot: null",
        "spec.initContainers[name=init].securityContext.runAsNonRoot: true",
        "spec.initContainers[name=sidecar].securityContext.runAsNonRoot: true",
        "spec.containers[name=app].securityContext.runAsNonRoot: true",
        "spec.ephemeralContainers[name=debugger].securityContext.runAsNonRoot: true"], NEVER, NEVER),

    row("run-as-user", &["spec.securityContext.runAsUser: 0"], NEVER, since(23)),
    row("run-as-user", &["*.securityContext.runAsUser: 0"], NEVER, since(23)),
    row("run-as-user", &["*.securityContext.runAsUser: 0.0"], NEVER, since(23)),
    row("run-as-user", &["*.securityContext.runAsUser: \"1000\""], NEVER, since(23)),
    row("run-as-user", &["spec.securityContext.runAsUser: 1000", "*.securityContext.runAsUser: 1"], NEVER, NEVER),
    row("run-as-user", &["*.securityContext.runAsUser: 1000.0"], NEVER, NEVER),
    row("run-as-user", &["*.securityContext.runAsGroup: 0"], NEVER, NEVER),
    row("run-as-user", &["spec.hostUsers: false", "*.securityContext.runAsUser: 0"], NEVER, 23..=34),
    row("run-as-user", &["spec.hostUsers: false", "spec.securityContext.runAsUser: 0"], NEVER, 23..=34),

    row("seccomp-profile", &["spec.securityContext.seccompProfile: null"], NEVER, since(19)),
    row("seccomp-profile", &["spec.securityContext.seccompProfile: {}"], since(19), since(19)),
    row("seccomp-profile", &["spec.securityContext.seccompProfile: \"RuntimeDefault\""], since(19), since(19)),
    row("seccomp-profile", &[r#"spec.securityContext.seccompProfile.type: "Unconfined""#], since(19), since(19)),
    row("seccomp-profile", &[r#"*.securityContext.seccompProfile: {"type":"Unconfined"}"#], since(19), since(19)),
    row("seccomp-profile", &[r#"*.securityContext.seccompProfile: {"type":"runtime/default"}"#], since(19), since(19)),
    row("seccomp-profile", &["*.securityContext.seccompProfile: {}"], since(19), since(19)),
    row("seccomp-profile", &[r#"*.securityContext.seccompProfile: {"type":"Localhost","localhostProfile":"a"}"#], NEVER, NEVER),
    row("seccomp-profile", &[r#"spec.os.name: "windows""#, "spec.securityContext.seccompProfile: null"], NEVER, 19..=24),
    row("seccomp-profile", &[r#"spec.os.name: "windows""#,
        r#"*.securityContext.seccompProfile: {"type":"Unconfined"}"#], since(19), 19..=24),
    row("seccomp-profile", &["spec.securityContext.seccompProfile: null",
        r#"spec.initContainers[name=init].securityContext.seccompProfile: {"type":"RuntimeDefault"}"#,
        r#"spec.initContainers[name=sidecar].securityContext.seccompProfile: {"type":"RuntimeDefault"}"#,
        r#"spec.containers[name=app].securityContext.seccompProfile: {"type":"Localhost"}"#,
        r#"spec.ephemeralContainers[name=debugger].securityContext.seccompProfile: {"type":"RuntimeDefault"}"#], NEVER, NEVER),
    row("seccomp-profile", &[r#"metadata.annotations: {"seccomp.security.alpha.kubernetes.io/pod":"unconfined"}"#], before(19), before(19)),
    row("seccomp-profile", &[r#"metadata.annotations: {"seccomp.security.alpha.kubernetes.io/pod":""}"#], before(19), before(19)),
    row("seccomp-profile", &[r#"metadata.annotations: {"seccomp.security.alpha.kubernetes.io/pod":null}"#], before(19), before(19)),
    row("seccomp-profile", &[r#"metadata.annotations: {"container.seccomp.security.alpha.kubernetes.io/app":"unconfined"}"#], before(19), before(19)),
    row("seccomp-profile", &[r#"metadata.annotations: {"container.seccomp.security.alpha.kubernetes.io/debugger":"unconfined"}"#], before(19), before(19)),
    row("seccomp-profile", &[r#"metadata.annotations: {"container.seccomp.security.alpha.kubernetes.io/nobody":"unconfined"}"#], NEVER, NEVER),
    row("seccomp-profile", &[r#"metadata.annotations: {"seccomp.security.alpha.kubernetes.io/pod":"runtime/default",
        "container.seccomp.security.alpha.kubernetes.io/app":"docker/default",
        "container.seccomp.security.alpha.kubernetes.io/init":"localhost/a"}"#], NEVER, NEVER),

    row("apparmor-profile", &[r#"spec.securityContext.appArmorProfile: {"type":"Unconfined"}"#], ALWAYS, ALWAYS),
    row("apparmor-profile", &[r#"*.securityContext.appArmorProfile: {"type":"Unconfined"}"#], ALWAYS, ALWAYS),
    row("apparmor-profile", &["*.securityContext.appArmorProfile: {}"], ALWAYS, ALWAYS),
    row("apparmor-profile", &["*.securityContext.appArmorProfile: \"Localhost\""], ALWAYS, ALWAYS),
    row("apparmor-profile", &[r#"spec.securityContext.appArmorProfile: {"type":"RuntimeDefault"}"#,
        r#"*.securityContext.appArmorProfile: {"type":"Localhost","localhostProfile":"a"}"#], NEVER, NEVER),
    row("apparmor-profile", &[r#"metadata.annotations: {"container.apparmor.security.beta.kubernetes.io/app":"unconfined"}"#], ALWAYS, ALWAYS),
    row("apparmor-profile", &[r#"metadata.annotations: {"container.apparmor.security.beta.kubernetes.io/nobody":"unconfined"}"#], ALWAYS, ALWAYS),
    row("apparmor-profile", &[r#"metadata.annotations: {"container.apparmor.security.beta.kubernetes.io/app":"localhost"}"#], ALWAYS, ALWAYS),
    row("apparmor-profile", &[r#"metadata.annotations: {"container.apparmor.security.beta.kubernetes.io/app":7}"#], ALWAYS, ALWAYS),
    row("apparmor-profile", &[r#"metadata.annotations: {"container.apparmor.security.beta.kubernetes.io/app":"",
        "container.apparmor.security.beta.kubernetes.io/init":"runtime/default",
        "container.apparmor.security.beta.kubernetes.io/sidecar":"localhost/a",
        "container.apparmor.security.beta.kubernetes.io/nobody":null,
        "apparmor.example.com/app":"unconfined"}"#], NEVER, NEVER),

    row("selinux-options", &[r#"spec.securityContext.seLinuxOptions: {"type":"spc_t"}"#], ALWAYS, ALWAYS),
    row("selinux-options", &[r#"*.securityContext.seLinuxOptions: {"type":"spc_t"}"#], ALWAYS, ALWAYS),
    row("selinux-options", &[r#"*.securityContext.seLinuxOptions: {"user":"u"}"#], ALWAYS, ALWAYS),
    row("selinux-options", &[r#"*.securityContext.seLinuxOptions: {"role":"r"}"#], ALWAYS, ALWAYS),
    row("selinux-options", &[r#"*.securityContext.seLinuxOptions: {"type":7}"#], ALWAYS, ALWAYS),
    row("selinux-options", &[r#"spec.securityContext.seLinuxOptions: {"type":"container_engine_t"}"#], before(31), before(31)),
    row("selinux-options", &[r#"*.securityContext.seLinuxOptions: {"type":"container_engine_t"}"#], before(31), before(31)),
    row("selinux-options", &[r#"*.securityContext.seLinuxOptions: {"type":"container_t"}"#], NEVER, NEVER),
    row("selinux-options", &[r#"*.securityContext.seLinuxOptions: {"type":"container_init_t"}"#], NEVER, NEVER),
    row("selinux-options", &[r#"*.securityContext.seLinuxOptions: {"type":"container_kvm_t"}"#], NEVER, NEVER),
    row("selinux-options", &[r#"*.securityContext.seLinuxOptions: {"type":"","user":"","role":"","level":"s0"}"#], NEVER, NEVER),

    row("proc-mount", &["*.securityContext.procMount: \"Unmasked\""], ALWAYS, ALWAYS),
    row("proc-mount", &["*.securityContext.procMount: \"\""], ALWAYS, ALWAYS),
    row("proc-mount", &["*.securityContext.procMount: false"], ALWAYS, ALWAYS),
    row("proc-mount", &["*.securityContext.procMount: \"Default\""], NEVER, NEVER),
    row("proc-mount", &["spec.hostUsers: false", "*.securityContext.procMount: \"Unmasked\""], before(35), ALWAYS),
    row("proc-mount", &["spec.hostUsers: true", "*.securityContext.procMount: \"Unmasked\""], ALWAYS, ALWAYS),

    row("unsafe-sysctl", &[r#"spec.securityContext.sysctls: [{"name":"kernel.msgmax","value":"1"}]"#], ALWAYS, ALWAYS),
    row("unsafe-sysctl", &[r#"spec.securityContext.sysctls: [{"name":"net/ipv4/tcp_syncookies","value":"1"}]"#], ALWAYS, ALWAYS),
    row("unsafe-sysctl", &[r#"spec.securityContext.sysctls: [{"name":"","value":"1"}]"#], ALWAYS, ALWAYS),
    row("unsafe-sysctl", &[r#"spec.securityContext.sysctls: [{"value":"1"}]"#], ALWAYS, ALWAYS),
    row("unsafe-sysctl", &[r#"spec.securityContext.sysctls: []"#], NEVER, NEVER),
    row("unsafe-sysctl", &[r#"spec.securityContext.sysctls: [{"name":"kernel.shm_rmid_forced"},
        {"name":"net.ipv4.ip_local_port_range"},{"name":"net.ipv4.tcp_syncookies"},
        {"name":"net.ipv4.ping_group_range"},{"name":"net.ipv4.ip_unprivileged_port_start"}]"#], NEVER, NEVER),
    row("unsafe-sysctl", &[r#"spec.securityContext.sysctls: [{"name":"net.ipv4.ip_local_reserved_ports"}]"#], before(27), before(27)),
    row("unsafe-sysctl", &[r#"spec.securityContext.sysctls: [{"name":"net.ipv4.tcp_keepalive_time"}]"#], before(29), before(29)),
    row("unsafe-sysctl", &[r#"spec.securityContext.sysctls: [{"name":"net.ipv4.tcp_fin_timeout"}]"#], before(29), before(29)),
    row("unsafe-sysctl", &[r#"spec.securityContext.sysctls: [{"name":"net.ipv4.tcp_keepalive_intvl"}]"#], before(29), before(29)),
    row("unsafe-sysctl", &[r#"spec.securityContext.sysctls: [{"name":"net.ipv4.tcp_keepalive_probes"}]"#], before(29), before(29)),
    row("unsafe-sysctl", &[r#"spec.securityContext.sysctls: [{"name":"net.ipv4.tcp_rmem"}]"#], before(32), before(32)),
    row("unsafe-sysctl", &[r#"spec.securityContext.sysctls: [{"name":"net.ipv4.tcp_wmem"}]"#], before(32), before(32)),
    row("unsafe-sysctl", &[r#"spec.securityContext.sysctls: [{"name":"net.ipv4.tcp_slow_start_after_idle"}]"#], before(37), before(37)),
    row("unsafe-sysctl", &[r#"spec.securityContext.sysctls: [{"name":"net.ipv4.tcp_notsent_lowat"}]"#], before(37), before(37)),

    row("volume-type", &[r#"spec.volumes: [{"name":"v","nfs":{"server":"s","path":"/"}}]"#], NEVER, ALWAYS),
    row("volume-type", &[r#"spec.volumes: [{"name":"v","gcePersistentDisk":{}}]"#], NEVER, ALWAYS),
    row("volume-type", &[r#"spec.volumes: [{"name":"v","awsElasticBlockStore":{}}]"#], NEVER, ALWAYS),
    row("volume-type", &[r#"spec.volumes: [{"name":"v","gitRepo":{}}]"#], NEVER, ALWAYS),
    row("volume-type", &[r#"spec.volumes: [{"name":"v","iscsi":{}},{"name":"w","glusterfs":{}}]"#], NEVER, ALWAYS),
    row("volume-type", &[r#"spec.volumes: [{"name":"v","rbd":{}},{"name":"w","flexVolume":{}}]"#], NEVER, ALWAYS),
    row("volume-type", &[r#"spec.volumes: [{"name":"v","cinder":{}},{"name":"w","cephfs":{}}]"#], NEVER, ALWAYS),
    row("volume-type", &[r#"spec.volumes: [{"name":"v","flocker":{}},{"name":"w","fc":{}}]"#], NEVER, ALWAYS),
    row("volume-type", &[r#"spec.volumes: [{"name":"v","azureFile":{}},{"name":"w","azureDisk":{}}]"#], NEVER, ALWAYS),
    row("volume-type", &[r#"spec.volumes: [{"name":"v","vsphereVolume":{}},{"name":"w","quobyte":{}}]"#], NEVER, ALWAYS),
    row("volume-type", &[r#"spec.volumes: [{"name":"v","portworxVolume":{}},{"name":"w","scaleIO":{}}]"#], NEVER, ALWAYS),
    row("volume-type", &[r#"spec.volumes: [{"name":"v","storageos":{}},{"name":"w","photonPersistentDisk":{}}]"#], NEVER, ALWAYS),
    // a type that is newer than this build
    row("volume-type", &[r#"spec.volumes: [{"name":"v","wormhole":{}}]"#], NEVER, ALWAYS),
    row("volume-type", &[r#"spec.volumes: [{"name":"a","configMap":{}},{"name":"b","csi":{}},{"name":"c","downwardAPI":{}},
        {"name":"d","emptyDir":{}},{"name":"e","ephemeral":{}},{"name":"f","image":{}},
        {"name":"g","persistentVolumeClaim":{}},{"name":"h","projected":{}},{"name":"i","secret":{}}]"#], NEVER, NEVER),
    // API defaulting makes these emptyDirs
    row("volume-type", &[r#"spec.volumes: [{"name":"v"},{"name":"w","nfs":null},{"name":"x","mountPath":"/x"}]"#], NEVER, NEVER),
];
