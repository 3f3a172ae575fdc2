package io.ociregistry.testing;

import static net.bytebuddy.matcher.ElementMatchers.isAbstract;
import static net.bytebuddy.matcher.ElementMatchers.isNative;
import static net.bytebuddy.matcher.ElementMatchers.isTypeInitializer;
import static net.bytebuddy.matcher.ElementMatchers.nameStartsWith;
import static net.bytebuddy.matcher.ElementMatchers.not;

import java.lang.instrument.Instrumentation;
import java.security.ProtectionDomain;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import net.bytebuddy.agent.builder.AgentBuilder;
import net.bytebuddy.agent.builder.ResettableClassFileTransformer;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.description.type.TypeDescription;
import net.bytebuddy.utility.JavaModule;

/**
 * Records which types of the product are called on threads with a given name, from the start until it is closed. Adds
 * its code to the running classes, and removes it when it is closed; one instance at a time.
 */
public final class CalledTypes implements AutoCloseable {
    private static final Set<String> CALLED = ConcurrentHashMap.newKeySet();
    private static volatile String threads = "";

    private final ResettableClassFileTransformer transformer;
    private final Instrumentation jvm;

    private CalledTypes(Instrumentation jvm) {
        this.jvm = jvm;
        this.transformer = new AgentBuilder.Default()
                .disableClassFormatChanges()
                .with(AgentBuilder.RedefinitionStrategy.RETRANSFORMATION)
                .type(CalledTypes::isOfProduct)
                .transform((builder, type, loader, module, domain) -> builder.visit(Advice.to(Entry.class)
                        .on(not(isAbstract()).and(not(isNative())).and(not(isTypeInitializer())))))
                .installOn(jvm);
    }

    /**
     * Starts to record.
     *
     * @param threads how the names of the threads start
     */
    public static CalledTypes record(String threads) throws ReflectiveOperationException {
        // By reflection, because the class has annotations that are not on the class path, of which javac warns.
        Object jvm = Class.forName("net.bytebuddy.agent.ByteBuddyAgent")
                .getMethod("install")
                .invoke(null);
        CalledTypes calls = new CalledTypes((Instrumentation) jvm);
        CalledTypes.threads = threads;
        CALLED.clear();
        return calls;
    }

    /** Returns the names of the types; a nested type counts as the type around it. */
    public Set<String> topLevelTypes() {
        Set<String> types = new TreeSet<>();
        CALLED.forEach(name -> types.add(topLevel(name)));
        return types;
    }

    /** Returns the names of the types that decide something: without records, and without the values of {@code oci}. */
    public Set<String> topLevelTypesWithoutValues() throws ClassNotFoundException {
        Set<String> types = new TreeSet<>();
        for (String name : CALLED) {
            if (!name.startsWith("io.ociregistry.oci.") && !isRecord(name)) {
                types.add(topLevel(name));
            }
        }
        return types;
    }

    private static boolean isRecord(String name) throws ClassNotFoundException {
        return Class.forName(name, false, CalledTypes.class.getClassLoader()).isRecord();
    }

    private static String topLevel(String name) {
        return name.replaceFirst("\\$.*", "");
    }

    @Override
    public void close() {
        transformer.reset(jvm, AgentBuilder.RedefinitionStrategy.RETRANSFORMATION);
    }

    /** Called by the added code. */
    public static void called(String type) {
        if (Thread.currentThread().getName().startsWith(threads)) {
            CALLED.add(type);
        }
    }

    private static boolean isOfProduct(
            TypeDescription type, ClassLoader loader, JavaModule module, Class<?> loaded, ProtectionDomain domain) {
        return nameStartsWith("io.ociregistry.").matches(type)
                && domain != null
                && !domain.equals(CalledTypes.class.getProtectionDomain());
    }

    /** The code that is added to the start of each method. */
    private static final class Entry {
        @Advice.OnMethodEnter
        static void enter(@Advice.Origin("#t") String type) {
            CalledTypes.called(type);
        }
    }
}
