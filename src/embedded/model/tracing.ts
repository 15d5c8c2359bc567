/**
 * What tracing programs attach to and are given: registers, tracepoints, LSM hooks, a few system calls and the functions
 * that the kernel keeps for trying programs out. A modest choice: what can be run with given arguments.
 * Facts: the BTF of Linux 6.18, x86-64.
 */
import { part } from './declarations.ts';

export const tracing = part(
  'Tracing',
  'Registers, tracepoints, LSM hooks, functions to attach to.',
  `
  struct pt_regs {
    unsigned long r15;
    unsigned long r14;
    unsigned long r13;
    unsigned long r12;
    unsigned long bp;
    unsigned long bx;
    unsigned long r11;
    unsigned long r10;
    unsigned long r9;
    unsigned long r8;
    unsigned long ax;
    unsigned long cx;
    unsigned long dx;
    unsigned long si;
    unsigned long di;
    unsigned long orig_ax;
    unsigned long ip;
    union {
      u16 cs;
      u64 csx;
    };
    unsigned long flags;
    unsigned long sp;
    union {
      u16 ss;
      u64 ssx;
    };
  };
  typedef struct pt_regs bpf_user_pt_regs_t;

  typedef void (*btf_trace_sys_enter)(void *, struct pt_regs *, long);
  typedef void (*btf_trace_sys_exit)(void *, struct pt_regs *, long);
  typedef void (*btf_trace_sched_switch)(void *, bool, struct task_struct *, struct task_struct *, unsigned int);
  typedef void (*btf_trace_sched_wakeup)(void *, struct task_struct *);
  typedef void (*btf_trace_sched_wakeup_new)(void *, struct task_struct *);
  typedef void (*btf_trace_sched_process_exit)(void *, struct task_struct *, bool);
  typedef void (*btf_trace_sched_process_fork)(void *, struct task_struct *, struct task_struct *);
  typedef void (*btf_trace_sched_process_exec)(void *, struct task_struct *, pid_t, struct linux_binprm *);
  typedef void (*btf_trace_task_newtask)(void *, struct task_struct *, u64);
  typedef void (*btf_trace_task_rename)(void *, struct task_struct *, const char *);
  typedef void (*btf_trace_cgroup_mkdir)(void *, struct cgroup *, const char *);
  typedef void (*btf_trace_cgroup_rmdir)(void *, struct cgroup *, const char *);

  struct linux_binprm { struct file *file; };

  int bpf_lsm_file_open(struct file *file);
  int bpf_lsm_bprm_check_security(struct linux_binprm *bprm);
  void bpf_lsm_bprm_committed_creds(const struct linux_binprm *bprm);
  int bpf_lsm_task_alloc(struct task_struct *task, u64 clone_flags);
  void bpf_lsm_task_free(struct task_struct *task);
  int bpf_lsm_socket_create(int family, int type, int protocol, int kern);
  int bpf_lsm_file_mprotect(struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot);
  int bpf_lsm_inode_unlink(struct inode *dir, struct dentry *dentry);
  int bpf_lsm_inode_create(struct inode *dir, struct dentry *dentry, umode_t mode);
  int bpf_lsm_bpf(int cmd, union bpf_attr *attr, unsigned int size, bool kernel);

  long __x64_sys_getpgid(const struct pt_regs *regs);
  long __x64_sys_nanosleep(const struct pt_regs *regs);
  long __x64_sys_prctl(const struct pt_regs *regs);
  long __x64_sys_prlimit64(const struct pt_regs *regs);
  long __x64_sys_setdomainname(const struct pt_regs *regs);

  struct bpf_fentry_test_t { struct bpf_fentry_test_t *a; };
  int bpf_fentry_test1(int a);
  int bpf_fentry_test2(int a, u64 b);
  int bpf_fentry_test3(char a, int b, u64 c);
  int bpf_fentry_test4(void *a, char b, int c, u64 d);
  int bpf_fentry_test5(u64 a, void *b, short c, int d, u64 e);
  int bpf_fentry_test6(u64 a, void *b, short c, int d, void *e, u64 f);
  int bpf_fentry_test7(struct bpf_fentry_test_t *arg);
  int bpf_fentry_test8(struct bpf_fentry_test_t *arg);
  u32 bpf_fentry_test9(u32 *a);
  int bpf_fentry_test10(const void *a);
  void bpf_fentry_test_sinfo(struct skb_shared_info *sinfo);
  int bpf_modify_return_test(int a, int *b);
  int bpf_modify_return_test2(int a, int *b, short c, int d, void *e, char f, int g);
  `,
);
